"""The split that a corpus itself defines."""

from pathlib import Path

import pytest

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.given import folds


def utterance(name: str, part: str | None) -> Utterance:
    return Utterance(name, Path("unread.wav"), "sad", "speaker", part=part)


def test_each_utterance_keeps_its_set_for_any_seed():
    expected = {"a": "train", "b": "test", "c": "train", "d": "validation"}
    chosen = [utterance(name, part) for name, part in expected.items()]
    assert folds(chosen, seed=0) == folds(chosen, seed=1) == [expected]


def test_utterances_in_no_set_are_counted_and_the_first_is_named():
    chosen = [utterance("a", "train"), utterance("b", None), utterance("c", None)]
    with pytest.raises(SerVaeError, match=r"2 of 3 utterances are in no set, first b\."):
        folds(chosen, seed=0)
