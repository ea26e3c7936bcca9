"""Score all folds of a protocol as one test set."""

from collections.abc import Sequence
from typing import Any

from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import Predictions, pooled


def over_folds(folds: Sequence[Predictions], protocol: str) -> dict[str, Any]:
    """Return the scores over the utterances of all folds, and the UA of each fold."""
    ua = [evaluate(fold, protocol)[f"{protocol}/test/ua"] for fold in folds]
    predictions = pooled(folds)
    return {
        **evaluate(predictions, protocol),
        f"{protocol}/test/ua_intervals": intervals(predictions),
        f"{protocol}/test/ua_of_folds": ua,
    }
