"""Which speech with other labels pretraining may use: nothing of what a split holds out."""

from pathlib import Path
from typing import Any

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance
from ser_vae.data.subset import of_training_speakers


def utterance(name: str, speaker: str, **known: Any) -> Utterance:
    return Utterance(name, Path("unread.wav"), "x", speaker, **known)


def allowed(
    others: list[Utterance], labelled: dict[Utterance, str], style: Any = None
) -> list[str]:
    parts = list(labelled.values())
    return [other.id for other in of_training_speakers(others, list(labelled), parts, style)]


OTHERS = [utterance("o3", "s3"), utterance("o2", "s2"), utterance("o1", "s1")]


def test_speakers_of_the_test_and_the_validation_set_are_excluded():
    labelled = {
        utterance("a", "s1"): "train",
        utterance("b", "s2"): "validation",
        utterance("c", "s3"): "test",
    }
    assert allowed(OTHERS, labelled) == ["o1"]


def test_speakers_on_both_sides_are_allowed():
    labelled = {utterance("a", "s1"): "train", utterance("b", "s1"): "test"}
    assert allowed(OTHERS, labelled) == ["o1"]


def test_a_speaker_of_no_set_is_excluded():
    labelled = {utterance("a", "s1"): "train", utterance("b", "s2"): "test"}
    assert allowed([*OTHERS, utterance("o4", "s4")], labelled) == ["o1"]


@pytest.mark.parametrize("side", ["session", "dialogue", "script"])
def test_groups_that_the_split_separates_stay_separated(side: str):
    labelled = {
        utterance("a", "s1", **{side: "in"}): "train",
        utterance("b", "s1", **{side: "out"}): "test",
    }
    others = [utterance(f"o-{value}", "s1", **{side: value}) for value in ("in", "out", "new")]
    assert allowed(others, labelled) == ["o-in", "o-new"]


def test_groups_that_the_split_shares_are_allowed():
    labelled = {
        utterance("a", "s1", script="x"): "train",
        utterance("b", "s2", script="x"): "test",
    }
    assert allowed([utterance("o", "s1", script="x")], labelled) == ["o"]


def test_only_the_style_of_the_subset_is_allowed():
    labelled = {utterance("a", "s1"): "train", utterance("b", "s2"): "test"}
    others = [utterance(style, "s1", style=style) for style in ("improvised", "scripted")]
    assert allowed(others, labelled, "scripted") == ["scripted"]
    assert allowed(others, labelled) == ["improvised", "scripted"]


def test_unknown_speakers_are_an_error():
    labelled = {
        utterance("a", UNKNOWN_SPEAKER): "train",
        utterance("b", UNKNOWN_SPEAKER): "test",
    }
    with pytest.raises(SerVaeError, match=r"none of the 1 utterances"):
        allowed([utterance("o", UNKNOWN_SPEAKER)], labelled)
