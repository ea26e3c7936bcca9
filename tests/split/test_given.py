"""The split that a corpus itself defines."""

from pathlib import Path

from ser_vae.corpus.utterance import Utterance
from ser_vae.split.given import folds


def utterance(name: str, part: str | None) -> Utterance:
    return Utterance(name, Path("unread.wav"), "sad", "speaker", part=part)


def test_each_utterance_keeps_its_set_for_any_seed():
    expected = {"a": "train", "b": "test", "c": "train", "d": "validation"}
    chosen = [utterance(name, part) for name, part in expected.items()]
    assert folds(chosen, seed=0) == folds(chosen, seed=1) == [expected]


def test_an_utterance_without_a_set_is_in_none():
    assert folds([utterance("a", "train"), utterance("b", None)], seed=0) == [
        {"a": "train", "b": ""}
    ]
