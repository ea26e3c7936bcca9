"""Grouped folds: every utterance is tested once, no group is separated, on every machine."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance
from ser_vae.split.grouped import grouped_folds, script_folds, session_folds, speaker_folds

EMOTIONS = ("angry", "happy", "sad")

# scikit-learn warns about emotions that are rarer than there are folds, which is fine here.
pytestmark = pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")


def utterance(number: int, group: str | None, emotion: str) -> Utterance:
    return Utterance(f"u{number:03}", Path("unread.wav"), emotion, "somebody", session=group)


def spoken(groups: int, **known: str) -> list[Utterance]:
    """Return four utterances per group; `known` are templates of attributes, of its number."""
    return [
        Utterance(
            f"{number:02}{n}",
            Path("unread.wav"),
            ("calm", "sad")[n % 2],
            **{"speaker": f"s{n}"} | {name: text.format(number) for name, text in known.items()},
        )
        for number in range(groups)
        for n in range(4)
    ]


def grouped(utterances, *, seed=0, bound=10, folds=5, validation=0.0):
    settings = {"leave_one_out_up_to": bound, "folds": folds, "validation": validation}
    return grouped_folds(utterances, "session", seed=seed, **settings)


def groups_of(parts: dict[str, str], utterances: list[Utterance]) -> dict[str, set[str]]:
    """Return set -> its groups."""
    groups: dict[str, set[str]] = {}
    for u in utterances:
        groups.setdefault(parts[u.id], set()).add(u.session)
    return groups


@st.composite
def corpora(draw: st.DrawFn) -> list[Utterance]:
    """3 to 14 groups of 1 to 9 utterances, the first sad, the others of any emotion."""
    emotions = st.lists(st.sampled_from(EMOTIONS), max_size=8)
    groups = draw(st.lists(emotions, min_size=3, max_size=14))
    pairs = [(f"g{number}", e) for number, drawn in enumerate(groups) for e in ("sad", *drawn)]
    return [utterance(number, *pair) for number, pair in enumerate(pairs)]


@settings(max_examples=150, deadline=None)
@given(
    utterances=corpora(),
    seed=st.integers(0, 2**32 - 1),
    bound=st.sampled_from([0, 6, 20]),
    validation=st.sampled_from([0.0, 0.15, 0.5]),
)
def test_each_utterance_is_tested_once_and_groups_stay_whole(utterances, seed, bound, validation):
    expected = {"train", "test"} | ({"validation"} if validation else set())
    folds = grouped(utterances, seed=seed, bound=bound, folds=3, validation=validation)
    tested = Counter(name for parts in folds for name, part in parts.items() if part == "test")
    assert tested == Counter(u.id for u in utterances)
    for parts in folds:
        assert parts.keys() == {u.id for u in utterances}
        assert set(parts.values()) == expected
        sides = groups_of(parts, utterances)
        assert sum(len(groups) for groups in sides.values()) == len(set.union(*sides.values()))


def test_drawn_folds_have_about_equal_classes():
    """Twenty groups of one emotion each, which an unstratified draw would not balance."""
    utterances = [utterance(n, f"g{n % 20:02}", EMOTIONS[n % 20 % 2]) for n in range(200)]
    for parts in grouped(utterances, folds=5):
        counts = Counter(u.emotion for u in utterances if parts[u.id] == "test")
        assert counts == {"angry": 20, "happy": 20}


@pytest.mark.parametrize("bound", [0, 10])
def test_the_order_of_the_utterances_does_not_matter(bound):
    utterances = spoken(8, session="g{:02}")
    shuffled = random.Random(3).sample(utterances, len(utterances))
    settings = {"seed": 5, "bound": bound, "folds": 3, "validation": 0.3}
    assert grouped(utterances, **settings) == grouped(shuffled, **settings)


@pytest.mark.parametrize(("validation", "groups"), [(0.25, 2), (0.5, 4), (0.1, 1)])
def test_the_validation_set_takes_about_its_proportion_of_the_training_groups(validation, groups):
    """Nine groups, one tested: 2 of 8, 4 of 8, and at least one."""
    utterances = spoken(9, session="g{:02}")
    for parts in grouped(utterances, validation=validation):
        assert len(groups_of(parts, utterances)["validation"]) == groups


def test_a_single_group_is_an_error_that_names_it():
    with pytest.raises(SerVaeError, match="all 4 utterances are of one session, g00;"):
        grouped(spoken(1, session="g{:02}"))


def test_validation_needs_two_groups_beside_the_test_set():
    with pytest.raises(SerVaeError, match=r"split\.validation=0\.2: .* only one session"):
        grouped(spoken(2, session="g{:02}"), validation=0.2)


def test_too_few_of_every_emotion_to_draw_is_an_error():
    with pytest.raises(SerVaeError, match=r"3 utterances in 3 groups cannot be drawn into 3 folds"):
        grouped([utterance(n, f"g{n}", EMOTIONS[n]) for n in range(3)], bound=0, folds=3)


# --- the three protocols ------------------------------------------------------------------------

DRAWN = {"seed": 0, "leave_one_out_up_to": 10, "folds": 5, "validation": 0.0}


SESSION = {"seed": 0, "validation": 0.0}


@pytest.mark.parametrize(
    ("split", "settings", "group", "count"),
    [
        (session_folds, SESSION, "session", 2),
        (session_folds, SESSION, "session", 30),
        (script_folds, DRAWN, "script", 2),
    ],
)
def test_each_session_and_each_of_few_scripts_is_a_fold(split, settings, group, count):
    utterances = spoken(count, **{group: "g{:02}"})
    assert split(utterances, **settings) == [
        {u.id: "test" if getattr(u, group) == f"g{number:02}" else "train" for u in utterances}
        for number in range(count)
    ]


@pytest.mark.parametrize(("speakers", "count"), [(4, 4), (10, 10), (11, 5)])
def test_few_speakers_are_left_out_one_by_one_and_many_are_drawn(speakers, count):
    utterances = spoken(speakers, speaker="s{:02}")
    folds = speaker_folds(utterances, **DRAWN)
    assert len(folds) == count
    for fold in folds:
        train, test = (
            {u.speaker for u in utterances if fold[u.id] == s} for s in ("train", "test")
        )
        assert not train & test
        assert len(train) + len(test) == speakers


@pytest.mark.parametrize(
    ("split", "settings", "group"),
    [
        (session_folds, SESSION, "session"),
        (speaker_folds, DRAWN, "speaker"),
        (script_folds, DRAWN, "script"),
    ],
)
def test_an_unknown_group_is_an_error_that_names_the_column(split, settings, group):
    unknown = Utterance("x", Path("unread.wav"), "sad", UNKNOWN_SPEAKER)
    expected = rf"split={group}: .* the {group} of 1 of 9 utterances, first x\.(?s:.*)`{group}` col"
    with pytest.raises(SerVaeError, match=expected):
        split([*spoken(2, **{group: "{}"}), unknown], **settings)
