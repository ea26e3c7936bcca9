"""The folds of a protocol as one test part."""

from collections.abc import Sequence
from typing import Any

from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import Predictions, pooled


def over_folds(folds: Sequence[Predictions], protocol: str) -> dict[str, Any]:
    """The scores of all utterances together, and the UA of each fold, which shows the spread."""
    each = [evaluate(fold, protocol)[f"{protocol}/test/ua"] for fold in folds]
    together = pooled(folds)
    return {
        **evaluate(together, protocol),
        f"{protocol}/test/ua_intervals": intervals(together),
        f"{protocol}/test/ua_of_folds": each,
    }
