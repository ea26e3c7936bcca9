"""The paper's three subsets, and which speech with other labels pretraining may use."""

from pathlib import Path
from typing import Any

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Corpus, Utterance
from ser_vae.data.subset import of_training_speakers, select

EMOTIONS = ("neutral", "sad")


def utterance(name: str, emotion: str, style: str | None) -> Utterance:
    return Utterance(name, Path("unread.wav"), emotion, "speaker", style=style)


def corpus(*styles: str | None) -> Corpus:
    utterances = [
        utterance(f"{number}-{emotion}", emotion, style)
        for number, style in enumerate(styles)
        for emotion in EMOTIONS
    ]
    other = (utterance("fru", "frustrated", "improvised"),)
    return Corpus("demo", EMOTIONS, tuple(utterances), other)


def test_improvised_and_scripted_partition_complete():
    whole = corpus("improvised", "scripted", "improvised")
    improvised, scripted = select(whole, "improvised"), select(whole, "scripted")
    assert {u.style for u in improvised} == {"improvised"}
    assert {u.style for u in scripted} == {"scripted"}
    assert sorted(u.id for u in improvised + scripted) == [u.id for u in select(whole, None)]


def test_a_corpus_without_styles_has_only_the_complete_subset():
    whole = corpus(None, None)
    assert select(whole, None) == list(whole.utterances)
    with pytest.raises(SerVaeError, match=r"data=improvised: corpus demo does not distinguish"):
        select(whole, "improvised")


def test_an_emotion_without_an_utterance_is_an_error_that_names_it():
    utterances = (utterance("a", "sad", "scripted"), utterance("b", "neutral", "improvised"))
    with pytest.raises(
        SerVaeError, match=r"data=scripted: no usable utterance of neutral among 1\."
    ):
        select(Corpus("demo", EMOTIONS, utterances), "scripted")


# --- speech with other labels: nothing of what a split holds out ----------------------------------


def spoken(name: str, speaker: str, **known: Any) -> Utterance:
    return Utterance(name, Path("unread.wav"), "x", speaker, **known)


def allowed(others: list[Utterance], by_set: dict[Utterance, str], style: Any = None) -> list[str]:
    parts = list(by_set.values())
    return [other.id for other in of_training_speakers(others, list(by_set), parts, style)]


OTHERS = [spoken("o3", "s3"), spoken("o2", "s2"), spoken("o1", "s1")]


def test_speakers_of_the_test_and_the_validation_set_are_excluded():
    by_set = {
        spoken("a", "s1"): "train",
        spoken("b", "s2"): "validation",
        spoken("c", "s3"): "test",
    }
    assert allowed([*OTHERS, spoken("of no set", "s4")], by_set) == ["o1"]


@pytest.mark.parametrize("side", ["session", "dialogue", "script"])
def test_groups_that_the_split_separates_stay_separated(side):
    by_set = {
        spoken("a", "s1", **{side: "in"}): "train",
        spoken("b", "s1", **{side: "out"}): "test",
    }
    others = [spoken(f"o-{value}", "s1", **{side: value}) for value in ("in", "out", "new")]
    assert allowed(others, by_set) == ["o-in", "o-new"]


def test_groups_that_the_split_shares_are_allowed():
    by_set = {spoken("a", "s1", script="x"): "train", spoken("b", "s2", script="x"): "test"}
    assert allowed([spoken("o", "s1", script="x")], by_set) == ["o"]


def test_only_the_style_of_the_subset_is_allowed():
    by_set = {spoken("a", "s1"): "train", spoken("b", "s2"): "test"}
    others = [spoken(style, "s1", style=style) for style in ("improvised", "scripted")]
    assert allowed(others, by_set, "scripted") == ["scripted"]
    assert allowed(others, by_set) == ["improvised", "scripted"]


def test_unknown_speakers_are_an_error():
    by_set = {spoken("a", UNKNOWN_SPEAKER): "train", spoken("b", UNKNOWN_SPEAKER): "test"}
    with pytest.raises(SerVaeError, match=r"none of the 1 utterances"):
        allowed([spoken("o", UNKNOWN_SPEAKER)], by_set)
