"""The paper's 70/30 split: stratified, from the seed, and the same everywhere."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.random import folds

PAPER = {"test": 0.3, "validation": 0.0}
IEMOCAP = {"neutral": 1708, "happy": 1636, "angry": 1103, "sad": 1084}
FIXED = "02b8a32091037c35a30c57ffab738b844b1b06052c9e665065d270801e1cb6e6"


def split(*arguments, **settings):
    (parts,) = folds(*arguments, **settings)
    return parts


def utterances(counts: dict[str, int]) -> list[Utterance]:
    return [
        Utterance(f"{emotion}_{number:04}", Path("unread.wav"), emotion, "speaker")
        for emotion, count in counts.items()
        for number in range(count)
    ]


def digest(parts: dict[str, str]) -> str:
    text = "\n".join(f"{name} {part}" for name, part in sorted(parts.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def test_seventy_per_cent_of_each_emotion_train():
    chosen = utterances(IEMOCAP)
    parts = split(chosen, seed=0, **PAPER)
    assert Counter(parts.values()) == {"train": 3871, "test": 1660}
    held_out = Counter(u.emotion for u in chosen if parts[u.id] == "test")
    for emotion, count in IEMOCAP.items():
        assert held_out[emotion] == pytest.approx(0.3 * count, abs=1)


@settings(max_examples=30, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcdef"), st.integers(10, 40), min_size=2),
    seed=st.integers(0, 2**32 - 1),
    validation=st.sampled_from([0.0, 0.15, 0.5]),
)
def test_each_utterance_is_in_one_set_and_each_emotion_in_all(counts, seed, validation):
    chosen = utterances(counts)
    parts = split(chosen, seed=seed, test=0.3, validation=validation)
    assert parts.keys() == {u.id for u in chosen}
    assert set(parts.values()) == {"train", "test"} | ({"validation"} if validation else set())
    assert {(u.emotion, parts[u.id]) for u in chosen} == {
        (emotion, part) for emotion in counts for part in parts.values()
    }


def test_the_order_of_the_utterances_does_not_matter():
    chosen = utterances({"angry": 20, "sad": 30})
    assert split(chosen, seed=3, **PAPER) == split(chosen[::-1], seed=3, **PAPER)


def test_the_split_is_the_same_on_every_machine():
    """Another library version or machine that draws differently fails here, before any result."""
    parts = split(utterances({"angry": 20, "happy": 30, "sad": 25}), seed=0, **PAPER)
    assert digest(parts) == FIXED


def test_too_few_of_an_emotion_is_an_error_that_counts_each():
    with pytest.raises(SerVaeError, match=r"21 utterances \(angry 20, sad 1\).*30%"):
        split(utterances({"angry": 20, "sad": 1}), seed=0, **PAPER)


def test_an_emotion_missing_from_the_test_set_is_an_error():
    """Three of four would be in the test set, and the fourth would silently not be scored."""
    counts = {"angry": 6, "happy": 9, "neutral": 2, "sad": 16}
    with pytest.raises(SerVaeError, match=r"neutral 2"):
        split(utterances(counts), seed=0, **PAPER)
