"""The audit: every figure calculated by hand, and the verdict on two corpora of real speech."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance
from ser_vae.data.audit import audit, lookup_counts, score_lookup
from ser_vae.run import configure
from ser_vae.settings import build


def utterance(name: str, speaker: str = "s1", emotion: str = "sad", **known: Any) -> Utterance:
    return Utterance(name, Path("unread.wav"), emotion, speaker, **known)


def audited(
    train: list[Utterance], test: list[Utterance], others: tuple[Utterance, ...] = (), **audio: str
) -> dict[str, Any]:
    """Audit utterances whose audio differs, except those with equal values in `audio`."""
    contents = {u.id: audio.get(u.id, u.id) for u in (*train, *test)}
    return audit(train, test, everything=[*test, *others, *train], contents=contents)


# --- what both sets share -----------------------------------------------------------------------

TRAIN = [
    utterance("a", "s1", session="S1", dialogue="d1", script="x"),
    utterance("b", "s2", session="S1", dialogue="d1", script="x"),
    utterance("c", "s3", session="S2", dialogue="d2", script="y"),
]
TEST = [
    utterance("d", "s2", session="S1", dialogue="d3", script="x"),
    utterance("e", "s2", session="S1", dialogue="d3", script="y"),
    utterance("f", "s4", session="S3", dialogue="d2", script="z"),
]


def test_shared_groups_are_counted_among_those_of_the_test_set():
    assert audited(TRAIN, TEST)["shared"] == {
        "speakers": {"in_train": 1, "in_test": 2},
        "sessions": {"in_train": 1, "in_test": 2},
        "dialogues": {"in_train": 1, "in_test": 2},
        "scripts": {"in_train": 2, "in_test": 3},
        "languages": None,
        "corpora": None,
    }


def test_what_the_corpus_does_not_state_is_none_rather_than_zero():
    result = audited([utterance("a", UNKNOWN_SPEAKER)], [utterance("b", UNKNOWN_SPEAKER)])
    assert result["shared"] == dict.fromkeys(
        ("speakers", "sessions", "dialogues", "scripts", "languages", "corpora")
    )
    assert result["adjacent_turns"] is None


def of_corpus(name: str, corpus: str, script: str | None, language: str | None) -> Utterance:
    script = script and f"{corpus}/{script}"
    return utterance(name, corpus, corpus=corpus, script=script, language=language)


def test_texts_and_languages_of_two_corpora_are_named():
    train = [of_corpus("a", "emodb", "a01", "German"), of_corpus("b", "emodb", "a02", "German")]
    train += [of_corpus("c", "jl", "1", "English"), of_corpus("d", "mine", "x", None)]
    test = [of_corpus("p", "emodb2", "a02", "German"), of_corpus("q", "emodb2", "a03", "German")]
    test += [of_corpus("r", "emodb2", "1", "German"), of_corpus("s", "emodb2", None, "German")]
    result = audited(train, test)
    assert result["across"] == {
        "trained_on": ["emodb", "jl", "mine"],
        "tested_on": ["emodb2"],
        "languages": ["German"],
        "texts": ["German a02"],  # 1 is of another language
    }
    assert result["sentence"].endswith(
        "; trained on emodb, jl, mine, tested on emodb2, languages known to be in both: German, "
        "texts of the same name in both: German a02"
    )
    assert audited(TRAIN, TEST)["across"] is None


def test_what_a_corpus_shares_with_itself_is_not_named():
    train = [of_corpus("a", "one", "x", "Greek"), of_corpus("b", "two", "y", "Greek")]
    same = audited(train, [of_corpus("c", "one", "x", "Greek")])
    assert (same["across"]["languages"], same["across"]["texts"]) == (["Greek"], [])
    assert "trained on" not in same["sentence"]
    assert audited(train, [of_corpus("c", "two", "x", "Greek")])["across"]["texts"] == ["Greek x"]


# --- adjacent turns -----------------------------------------------------------------------------


def turn(name: str, start_s: float | None, speaker: str = "F", dialogue: str = "d") -> Utterance:
    return utterance(name, speaker, dialogue=dialogue, start_s=start_s)


def test_the_previous_and_the_next_turn_of_the_same_speaker_count():
    """F speaks b c d a e in this order: c and a are beside training turns, e beside a test turn."""
    first, late = [turn("b", 0.0), turn("d", 20.0)], turn("a", 30.5)
    test = [turn("c", 9.0), late, turn("e", 100.0)]
    assert audited(first, test)["adjacent_turns"] == 2


def test_a_turn_of_the_other_speaker_does_not_separate_two_turns():
    first, between, last = turn("F0", 0.0), turn("M0", 1.0, "M"), turn("F1", 2.0)
    assert audited([first], [last], others=(between,))["adjacent_turns"] == 1
    assert audited([first], [between])["adjacent_turns"] == 0
    assert audited([first], [turn("F1", 1.0, dialogue="e")])["adjacent_turns"] == 0


def test_a_turn_with_another_label_separates_two_turns():
    first, last = turn("F0", 0.0), turn("F2", 2.0)
    assert audited([first], [last], others=(turn("F1", 1.0),))["adjacent_turns"] == 0
    assert audited([first], [last])["adjacent_turns"] == 1
    spoken = [turn(f"u{number}", None) for number in (2, 3, 10, 11)]  # ordered by their numbers
    assert audited(spoken[:2], spoken[2:])["adjacent_turns"] == 1


# --- duplicates ---------------------------------------------------------------------------------


def test_test_utterances_with_audio_of_the_training_set_are_counted():
    train, test = [utterance("a"), utterance("b")], [utterance(name) for name in "cdef"]
    result = audited(train, test, a="same", c="same", d="same", e="other", f="other")
    assert result["duplicates"] == 2  # e and f are equal, but both in the test set
    assert result["test_utterances"] == 4


# --- the speaker lookup -------------------------------------------------------------------------


def test_unlabelled_speech_counts_as_training_for_duplicates_and_adjacent_turns():
    train, unlabelled, test = [turn("a", 1.0)], [turn("b", 2.0)], [turn("c", 3.0)]
    data = {"everything": [*train, *unlabelled, *test], "contents": {"a": "x", "b": "y", "c": "y"}}
    without = audit(train, test, **data)
    result = audit(train, test, unlabelled=unlabelled, **data)
    assert (without["adjacent_turns"], without["duplicates"]) == (0, 0)
    assert (result["adjacent_turns"], result["duplicates"]) == (1, 1)
    assert result["speaker_lookup"] == without["speaker_lookup"]


def naive_lookup(train: list[Utterance], test: list[Utterance]) -> dict[str, float]:
    """Search the whole training set for each utterance; ties go to the first in the alphabet."""
    candidates = []
    for tested in test:
        of_speaker = [u.emotion for u in train if u.speaker == tested.speaker]
        candidates.append(sorted(of_speaker or [u.emotion for u in train]))
    right = [max(c, key=c.count) == u.emotion for c, u in zip(candidates, test, strict=True)]
    recalls = []
    for emotion in sorted({u.emotion for u in test}):
        of_emotion = [r for r, u in zip(right, test, strict=True) if u.emotion == emotion]
        recalls.append(sum(of_emotion) / len(of_emotion))
    return {"wa": sum(right) / len(test), "ua": sum(recalls) / len(recalls)}


UTTERANCES = st.lists(
    st.builds(
        utterance, st.just("u"), st.sampled_from("stvw"), st.sampled_from(["calm", "gay", "sad"])
    ),
    min_size=1,
    max_size=25,
)


@given(UTTERANCES, UTTERANCES)
def test_the_lookup_equals_a_naive_search(train, test):
    lookup = score_lookup([lookup_counts(train, test)])
    assert lookup == pytest.approx(naive_lookup(train, test))


# --- the verdict --------------------------------------------------------------------------------

BOTH = ("calm", "sad")


def by_speaker(prefix: str, emotions: dict[str, str]) -> list[Utterance]:
    """Make utterances from speaker -> emotions, one letter each: c for calm, s for sad."""
    return [
        utterance(f"{prefix}{speaker}{n}", speaker, BOTH[letter == "s"])
        for speaker, letters in emotions.items()
        for n, letter in enumerate(letters)
    ]


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        ({"s1": "sss", "s2": "ccc"}, {"s1": "s", "s2": "c"}, "CONFOUNDED"),
        ({"s1": "ss", "s2": "cc"}, {"s1": "sc", "s2": "c"}, "CONFOUNDED"),  # ua of 3/4 suffices
        ({"s1": "sss", "s2": "ccc"}, {"s1": "ssc", "s2": "ccccs"}, "SHARED"),  # ua 11/15 < 3/4
        ({"s1": "ssc", "s2": "ccs"}, {"s1": "sc", "s2": "cs"}, "SHARED"),
        ({"s1": "sc", "s2": "cs"}, {"s1": "sc", "s3": "cs"}, "SHARED"),
        ({"s1": "ssc"}, {"s2": "sc"}, "INDEPENDENT"),
        ({"s1": "ssc"}, {"s2": "sss"}, "INDEPENDENT"),  # the majority is correct
        ({UNKNOWN_SPEAKER: "sc"}, {UNKNOWN_SPEAKER: "sc"}, "UNKNOWN"),
        ({"s1": "sc", UNKNOWN_SPEAKER: "s"}, {"s2": "sc"}, "UNKNOWN"),  # may be s2
        ({"s1": "sc"}, {"s2": "sc", UNKNOWN_SPEAKER: "s"}, "UNKNOWN"),  # may be s1
    ],
)
def test_the_verdict_is_one_word(train, test, verdict):
    result = audited(by_speaker("train", train), by_speaker("test", test))
    assert result["verdict"] == verdict


@pytest.mark.parametrize("emotion", ["sad", "calm"])
@pytest.mark.parametrize("speaker", ["s1", "s2"])
def test_duplicates_are_the_verdict_whatever_their_speakers_and_labels(speaker, emotion):
    train = [utterance("a", "s1"), utterance("b", "s1", "calm")]
    test = [utterance("c", speaker, emotion), utterance("d", speaker, "sad")]
    result = audited(train, test, a="same", c="same")
    assert result["verdict"] == "DUPLICATES"
    assert result["sentence"].startswith("1 of 2 test utterances are also in train; ")
    assert ("no test speaker is in train" in result["sentence"]) == (speaker == "s2")


def test_the_sentence_gives_the_figure():
    confounded = audited(
        by_speaker("train", {"s1": "sss", "s2": "ccc"}), by_speaker("test", {"s1": "s", "s2": "c"})
    )
    assert "knowing only who speaks scores ua 100.0%" in confounded["sentence"]
    assert "measures the speaker" in confounded["sentence"]
    train = by_speaker("train", {"s1": "sc", "s2": "cs"})
    shared = audited(train, by_speaker("test", {"s1": "sc", "s3": "cs"}))
    assert shared["sentence"] == "1 of 2 test speakers are also in train"


# --- real speech --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("corpus", "verdict", "ua"), [("urdu", "CONFOUNDED", 0.95), ("ravdess", "SHARED", 0.15)]
)
def test_the_speaker_reveals_the_emotions_of_urdu_and_little_of_ravdess(corpus, verdict, ua):
    if f"{corpus.upper()}_ROOT" not in os.environ:
        pytest.skip(f"{corpus.upper()}_ROOT is not set")
    config = configure(f"corpus={corpus}", "split=random", "seed=0")
    utterances = build(config["corpus"]).utterances
    (parts,) = build(config["split"], utterances, seed=0)
    result = audited(*([u for u in utterances if parts[u.id] == p] for p in ("train", "test")))
    assert result["verdict"] == verdict
    assert result["speaker_lookup"]["ua"] == pytest.approx(ua, abs=0.1)
