"""Counts and baselines in `metrics.json`."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Utterance
from ser_vae.evaluation.metrics import evaluate, majority
from ser_vae.evaluation.predictions import collect_predictions
from ser_vae.evaluation.summary import counts, scores_and_baseline

EMOTIONS = ("neutral", "sad")
UTTERANCES = [
    Utterance(name, Path("unread.wav"), emotion, speaker)
    for name, emotion, speaker in [
        ("a", "sad", "s1"),
        ("b", "sad", "s2"),
        ("c", "neutral", "s1"),
        ("d", "sad", "s3"),
        ("e", "neutral", "s2"),
    ]
]
PARTS = ["train", "test", "train", "test", "train"]


def example() -> pd.DataFrame:
    return collect_predictions(
        [UTTERANCES[1], UTTERANCES[3]],
        np.array([1, 1]),
        EMOTIONS,
        np.array([[0.2, 0.8], [0.6, 0.4]]),
    )


def test_counts_of_each_set_match_a_calculation_by_hand():
    assert counts(UTTERANCES, PARTS, torch.tensor([3, 5, 2, 7, 1])) == {
        "test": {"utterances": 2, "segments": 12, "speakers": 2, "emotions": {"sad": 2}},
        "train": {
            "utterances": 3,
            "segments": 6,
            "speakers": 2,
            "emotions": {"neutral": 2, "sad": 1},
        },
    }


def test_test_speakers_in_the_training_set_are_counted():
    """Of the test speakers s2 and s3, s2 is also in the training set."""
    train = [u for u, part in zip(UTTERANCES, PARTS, strict=True) if part == "train"]
    summary = scores_and_baseline(example(), train, "random")
    assert summary["test_speakers"] == 2
    assert summary["test_speakers_in_train"] == 1


def test_an_unknown_speaker_does_not_count_as_a_speaker():
    unknown = example().assign(speaker=["s2", UNKNOWN_SPEAKER])
    train = [replace(u, speaker=UNKNOWN_SPEAKER) for u in UTTERANCES[:1]]
    summary = scores_and_baseline(unknown, train, "random")
    assert (summary["test_speakers"], summary["test_speakers_in_train"]) == (1, 0)
    assert summary["random/test/ua_intervals"]["speakers"] is None
    assert summary["random/test/ua_intervals"]["utterances"] is not None


def test_scores_come_with_the_majority_baseline():
    train = [u for u, part in zip(UTTERANCES, PARTS, strict=True) if part == "train"]
    summary = scores_and_baseline(example(), train, "random")
    assert summary.items() >= evaluate(example(), "random").items()
    assert summary["majority"] == majority(["sad", "neutral", "neutral"], example(), "random")
