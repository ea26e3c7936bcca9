"""What a split shares: every figure by hand, and the verdict on two corpora of real speech."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_vae.configuration import build
from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.audit import audit, speaker_lookup
from ser_vae.run import configure


def utterance(name: str, speaker: str = "s1", emotion: str = "sad", **known: Any) -> Utterance:
    return Utterance(name, Path("unread.wav"), emotion, speaker, **known)


def audited(
    train: list[Utterance], test: list[Utterance], others: tuple[Utterance, ...] = (), **audio: str
) -> dict[str, Any]:
    """The audit of utterances that sound all different, but for those that `audio` names."""
    digests = {u.id: audio.get(u.id, u.id) for u in (*train, *test)}
    return audit(train, test, everything=[*test, *others, *train], digests=digests)


# --- what stands on both sides ------------------------------------------------------------------

HERE = [
    utterance("a", "s1", session="S1", dialogue="d1", script="x"),
    utterance("b", "s2", session="S1", dialogue="d1", script="x"),
    utterance("c", "s3", session="S2", dialogue="d2", script="y"),
]
THERE = [
    utterance("d", "s2", session="S1", dialogue="d3", script="x"),
    utterance("e", "s2", session="S1", dialogue="d3", script="y"),
    utterance("f", "s4", session="S3", dialogue="d2", script="z"),
]


def test_what_stands_on_both_sides_is_counted_of_what_the_test_part_has():
    assert audited(HERE, THERE)["shared"] == {
        "speakers": {"in_train": 1, "in_test": 2},
        "sessions": {"in_train": 1, "in_test": 2},
        "dialogues": {"in_train": 1, "in_test": 2},
        "scripts": {"in_train": 2, "in_test": 3},
    }


def test_the_training_part_alone_does_not_count():
    """Turned round, the part that learns has more speakers, and the test part three."""
    shared = audited(THERE, HERE)["shared"]
    assert shared["speakers"] == {"in_train": 1, "in_test": 3}
    assert shared["scripts"] == {"in_train": 2, "in_test": 2}


def test_what_the_corpus_does_not_know_is_none_and_no_zero():
    found = audited([utterance("a", UNKNOWN_SPEAKER)], [utterance("b", UNKNOWN_SPEAKER)])
    assert found["shared"] == dict.fromkeys(("speakers", "sessions", "dialogues", "scripts"))
    assert found["adjacent_turns"] is None


# --- adjacent turns -----------------------------------------------------------------------------


def turn(name: str, start_s: float | None, speaker: str = "F", dialogue: str = "d") -> Utterance:
    return utterance(name, speaker, dialogue=dialogue, start_s=start_s)


def test_a_neighbour_before_or_behind_by_the_same_speaker_counts_by_hand():
    """F says b c d a e in this order: c and a stand beside a training turn, e beside a test one."""
    first, late = [turn("b", 0.0), turn("d", 20.0)], turn("a", 30.5)
    test = [turn("c", 9.0), late, turn("e", 100.0)]
    assert audited(first, test)["adjacent_turns"] == 2


def test_the_other_speakers_turn_between_two_does_not_part_them():
    first, between, last = turn("F0", 0.0), turn("M0", 1.0, "M"), turn("F1", 2.0)
    assert audited([first], [last], others=(between,))["adjacent_turns"] == 1
    assert audited([first], [between])["adjacent_turns"] == 0


def test_a_turn_of_another_label_between_two_does_part_them():
    first, last = turn("F0", 0.0), turn("F2", 2.0)
    assert audited([first], [last], others=(turn("F1", 1.0),))["adjacent_turns"] == 0
    assert audited([first], [last])["adjacent_turns"] == 1


def test_turns_of_two_dialogues_are_no_neighbours():
    assert audited([turn("F0", 0.0)], [turn("F1", 1.0, dialogue="e")])["adjacent_turns"] == 0


def test_a_test_turn_between_two_training_turns_counts_once():
    found = audited([turn("F0", 0.0), turn("F2", 2.0)], [turn("F1", 1.0)])
    assert found["adjacent_turns"] == found["test_utterances"] == 1


def test_without_times_turns_stand_in_the_order_of_their_names():
    found = audited([turn("F1", None)], [turn("F3", None), turn("F2", None)])
    assert found["adjacent_turns"] == 1


# --- duplicates ---------------------------------------------------------------------------------


def test_test_utterances_that_sound_as_one_in_training_are_counted():
    train, test = [utterance("a"), utterance("b")], [utterance(name) for name in "cdef"]
    found = audited(train, test, a="same", c="same", d="same", e="own", f="own")
    assert found["duplicates"] == 2  # e and f are alike, but both are scored alone
    assert found["test_utterances"] == 4


# --- the speaker lookup -------------------------------------------------------------------------


def test_speech_that_was_heard_without_a_label_counts_as_training_where_it_is_near():
    train, test = [turn("a", 1.0)], [turn("c", 3.0)]
    heard = [turn("b", 2.0)]
    digests = {"a": "x", "b": "y", "c": "y"}
    everything = [*train, *heard, *test]
    without = audit(train, test, everything=everything, digests=digests)
    found = audit(train, test, everything=everything, digests=digests, heard=heard)
    assert (without["adjacent_turns"], without["duplicates"]) == (0, 0)
    assert (found["adjacent_turns"], found["duplicates"]) == (1, 1)
    assert found["speaker_lookup"] == without["speaker_lookup"]


def test_the_lookup_by_hand():
    """s1 is mostly sad, s2 calm; s3 is new and gets the commonest, which is calm."""
    train = [utterance(n, "s1", "sad") for n in "ab"] + [utterance("c", "s1", "calm")]
    train += [utterance(n, "s2", "calm") for n in "defg"]
    test = [
        utterance("p", "s1", "sad"),
        utterance("q", "s1", "calm"),
        utterance("r", "s2", "calm"),
        utterance("t", "s3", "calm"),
    ]
    assert speaker_lookup(train, test) == {"wa": 3 / 4, "ua": pytest.approx((1 + 2 / 3) / 2)}
    assert audited(train, test)["speaker_lookup"] == speaker_lookup(train, test)


def naive_lookup(train: list[Utterance], test: list[Utterance]) -> dict[str, float]:
    """Looks through everything for each utterance; ties go to the first in the alphabet."""
    said = []
    for heard in test:
        own = [u.emotion for u in train if u.speaker == heard.speaker]
        said.append(sorted(own or [u.emotion for u in train]))
    right = [max(each, key=each.count) == u.emotion for each, u in zip(said, test, strict=True)]
    recalls = []
    for emotion in sorted({u.emotion for u in test}):
        own_right = [r for r, u in zip(right, test, strict=True) if u.emotion == emotion]
        recalls.append(sum(own_right) / len(own_right))
    return {"wa": sum(right) / len(test), "ua": sum(recalls) / len(recalls)}


SOME = st.lists(
    st.builds(
        utterance, st.just("u"), st.sampled_from("stvw"), st.sampled_from(["calm", "gay", "sad"])
    ),
    min_size=1,
    max_size=25,
)


@given(SOME, SOME)
def test_the_lookup_is_that_of_a_naive_search(train, test):
    assert speaker_lookup(train, test) == pytest.approx(naive_lookup(train, test))


# --- the verdict --------------------------------------------------------------------------------

BOTH = ("calm", "sad")


def by_speaker(prefix: str, emotions: dict[str, str]) -> list[Utterance]:
    """Speaker -> its emotions, one letter an utterance: c for calm, s for sad."""
    return [
        utterance(f"{prefix}{speaker}{n}", speaker, BOTH[letter == "s"])
        for speaker, letters in emotions.items()
        for n, letter in enumerate(letters)
    ]


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        ({"s1": "sss", "s2": "ccc"}, {"s1": "s", "s2": "c"}, "CONFOUNDED"),
        ({"s1": "sss", "s2": "ccc"}, {"s1": "ssc", "s2": "ccccs"}, "SHARED"),  # ua 11/15 < 3/4
        ({"s1": "ssc", "s2": "ccs"}, {"s1": "sc", "s2": "cs"}, "SHARED"),
        ({"s1": "sc", "s2": "cs"}, {"s1": "sc", "s3": "cs"}, "SHARED"),
        ({"s1": "ssc"}, {"s2": "sc"}, "INDEPENDENT"),
        ({"s1": "ssc"}, {"s2": "sss"}, "INDEPENDENT"),  # the majority is right; nobody is known
        ({UNKNOWN_SPEAKER: "sc"}, {UNKNOWN_SPEAKER: "sc"}, "UNKNOWN"),
        ({"s1": "sc", UNKNOWN_SPEAKER: "s"}, {"s2": "sc"}, "UNKNOWN"),  # may be s2
        ({"s1": "sc"}, {"s2": "sc", UNKNOWN_SPEAKER: "s"}, "UNKNOWN"),  # may be s1
    ],
)
def test_the_verdict_is_one_word(train, test, verdict):
    found = audited(by_speaker("train", train), by_speaker("test", test))
    assert found["verdict"] == verdict


def test_half_of_the_way_from_chance_is_confounded():
    """With two emotions, at ua 3/4."""
    train = by_speaker("train", {"s1": "ss", "s2": "cc"})
    assert audited(train, by_speaker("test", {"s1": "sc", "s2": "c"}))["verdict"] == "CONFOUNDED"


def test_the_sentence_says_the_figure():
    confounded = audited(
        by_speaker("train", {"s1": "sss", "s2": "ccc"}), by_speaker("test", {"s1": "s", "s2": "c"})
    )
    assert "knowing only who speaks scores ua 100.0%" in confounded["sentence"]
    assert "measures the speaker" in confounded["sentence"]
    train = by_speaker("train", {"s1": "sc", "s2": "cs"})
    shared = audited(train, by_speaker("test", {"s1": "sc", "s3": "cs"}))
    assert shared["sentence"] == "1 of 2 test speakers are also in train"


# --- real speech --------------------------------------------------------------------------------


def audits(corpus: str, split: str, seed: int) -> list[dict[str, Any]]:
    """Of each fold; the files are taken for different, which figures of speakers do not need."""
    config = configure(f"corpus={corpus}", f"split={split}", f"seed={seed}")
    utterances = build(config["corpus"]).utterances
    found = []
    for parts in build(config["split"], utterances, seed=seed):
        train, test = ([u for u in utterances if parts[u.id] == p] for p in ("train", "test"))
        found.append(audited(train, test))
    return found


needs_urdu = pytest.mark.skipif(not os.environ.get("URDU_ROOT"), reason="URDU_ROOT is not set")
needs_ravdess = pytest.mark.skipif(
    not os.environ.get("RAVDESS_ROOT"), reason="RAVDESS_ROOT is not set"
)


@needs_urdu
def test_who_speaks_gives_away_the_emotions_of_urdu():
    for seed in range(5):
        (found,) = audits("urdu", "random", seed)
        assert found["verdict"] == "CONFOUNDED"
        assert found["speaker_lookup"]["ua"] == pytest.approx(0.95, abs=0.03)


@needs_ravdess
def test_no_speaker_of_ravdess_is_shared_when_split_by_speaker():
    found = audits("ravdess", "speaker", 0)
    assert [each["verdict"] for each in found] == ["INDEPENDENT"] * 5
    assert sum(each["shared"]["speakers"]["in_test"] for each in found) == 24


@needs_ravdess
def test_a_random_split_of_ravdess_shares_speakers_who_give_little_away():
    (found,) = audits("ravdess", "random", 0)
    assert found["verdict"] == "SHARED"
    assert found["speaker_lookup"]["ua"] < 0.4
