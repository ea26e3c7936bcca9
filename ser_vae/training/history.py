"""The curves of a stage as a table: one row per epoch, complete after an interruption too.

The curves show the budget of a stage, and whether its loss had stopped falling when training ended.
Networks can be compared fairly only if each has converged. The number of epochs says little about
that: an epoch is 1,354 optimizer steps on all of IEMOCAP and 34 on a corpus of 340 utterances.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from lightning.pytorch.loggers import Logger

from ser_vae.files import write_text


def write_curves(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write the curves of a stage, one row per epoch."""
    write_text(path, pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))


def read_curves(path: Path) -> list[dict[str, float]]:
    """Read the rows of a stage's curves, one per epoch."""
    return pd.read_csv(path, dtype="str").astype(float).to_dict("records")


def log_rows(rows: Sequence[Mapping[str, float]], loggers: Sequence[Logger]) -> None:
    """Log epochs of the curves of a stage."""
    for row in rows:
        metrics = {name: value for name, value in row.items() if name != "step"}
        for logger in loggers:
            logger.log_metrics(metrics, step=int(row["step"]))


STAGES = ("pretrain", "classify")
LAST = 0.1  # proportion of the epochs over which the fall of the loss is measured
LIMIT = 0.03  # if the loss falls by more than this proportion in them, it has not converged


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
    """Return a phrase which states that a stage has not converged, given its `budget`."""
    return (
        f"{stage} has not converged after {values['steps']:,} steps: the last tenth of the epochs "
        f"accounts for {values['last_fall']:.0%} of the decrease in its loss (limit {LIMIT:.0%})"
    )
