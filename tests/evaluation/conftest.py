"""Predictions of made-up test sets."""

from dataclasses import replace

import numpy as np

from ser_vae.evaluation.predictions import Predictions

EMOTIONS = ("angry", "happy", "neutral", "sad")


def make(truth: np.ndarray, guess: np.ndarray, speaker: np.ndarray) -> Predictions:
    """Return predictions of U utterances; `speaker` (U,) numbers who spoke each."""
    return Predictions(
        EMOTIONS,
        tuple(f"u{n:04}" for n in range(len(truth))),
        tuple(f"s{number:02}" for number in speaker),
        ("",) * len(truth),
        truth,
        np.eye(4)[guess],
    )


def select(p: Predictions, rows: np.ndarray | range) -> Predictions:
    names = {name: np.array(getattr(p, name)) for name in ("utterance", "speaker", "dialogue")}
    fields = {name: tuple(values[rows].tolist()) for name, values in names.items()}
    return replace(p, **fields, truth=p.truth[rows], probability=p.probability[rows])
