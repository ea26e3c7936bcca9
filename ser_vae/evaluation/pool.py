"""The folds of a protocol as one test part."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import Predictions


def over_folds(folds: Sequence[Predictions], protocol: str) -> dict[str, Any]:
    """The scores of all utterances together, and the UA of each fold, which shows the spread."""
    each = [evaluate(fold, protocol)[f"{protocol}/test/ua"] for fold in folds]
    together = pooled(folds)
    return {
        **evaluate(together, protocol),
        f"{protocol}/test/ua_intervals": intervals(together),
        f"{protocol}/test/ua_of_folds": each,
    }


def pooled(folds: Sequence[Predictions]) -> Predictions:
    """Join the predictions of all folds, so that every utterance is scored once.

    Raises:
        ValueError: folds of other emotions, or an utterance in two of them.
    """
    names = [name for fold in folds for name in fold.utterance]
    if len({fold.emotions for fold in folds}) != 1 or len(set(names)) != len(names):
        raise ValueError("expected folds of one experiment, each utterance in one of them")
    return Predictions(
        folds[0].emotions,
        tuple(names),
        tuple(name for fold in folds for name in fold.speaker),
        tuple(name for fold in folds for name in fold.dialogue),
        np.concatenate([fold.truth for fold in folds]),
        np.concatenate([fold.probability for fold in folds]),
    )
