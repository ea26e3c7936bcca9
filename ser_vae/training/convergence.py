"""Budget of a stage, and whether its loss had stopped falling when training ended.

Networks compare fairly only if each has converged, and an epoch says little about that: it is 1,354
optimizer steps on all of IEMOCAP and 34 on a corpus of 340 utterances.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ser_vae.training.history import read_curves

STAGES = ("pretrain", "classify")
LAST = 0.1  # proportion of the epochs that is looked at
LIMIT = 0.03  # a larger proportion of the whole fall in them means that the loss still fell


def read_budgets(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the budget of each stage that has left its curves in a run folder; see `budget`."""
    curves = {stage: folder / f"{stage}.csv" for stage in STAGES}
    return {
        stage: budget(read_curves(path), stage) for stage, path in curves.items() if path.exists()
    }


def budget(rows: Sequence[Mapping[str, float]], stage: str) -> dict[str, Any]:
    """Summarise the curves of a stage, one row per epoch.

    Returns:
        `epochs` and `steps` (of the optimizer); `last_fall`: the fall of the training loss in the
        last tenth of the epochs, relative to its whole fall, and 1 if the loss never fell;
        `converged`: whether it is at most `LIMIT`.
    """
    loss = [row[f"{stage}/train/loss"] for row in rows]
    last = max(1, math.ceil(LAST * len(loss)))
    whole = loss[0] - min(loss)
    fall = (loss[-1 - last] - loss[-1]) / whole if whole > 0 and last < len(loss) else 1.0
    return {
        "epochs": len(rows),
        "steps": int(rows[-1]["step"]),
        "last_fall": fall,
        "converged": fall <= LIMIT,
    }


def describe(stage: str, values: Mapping[str, Any]) -> str:
    """Say in a phrase that a stage has not converged, given its `budget`."""
    return (
        f"{stage} has not converged after {values['steps']:,} steps: the last tenth of the epochs "
        f"made {values['last_fall']:.0%} of the whole fall of its loss (limit {LIMIT:.0%})"
    )
