"""Predictions of made-up test sets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ser_vae.evaluation.predictions import PROBABILITY

EMOTIONS = ("angry", "happy", "neutral", "sad")


def make(
    truth: np.ndarray,
    guess: np.ndarray,
    speaker: np.ndarray,
    emotions: Sequence[str] = EMOTIONS,
) -> pd.DataFrame:
    """Return certain predictions of U utterances; `speaker` (U,) numbers who spoke each."""
    names, certain = np.array(emotions), np.eye(len(emotions))[guess]
    return pd.DataFrame(
        {
            "utterance": [f"u{n:04}" for n in range(len(truth))],
            "speaker": [f"s{number:02}" for number in speaker],
            "dialogue": "",
            "truth": names[truth],
            "guess": names[guess],
            **{PROBABILITY + name: certain[:, k] for k, name in enumerate(emotions)},
        }
    )
