"""The value that a sweeper minimises or maximises: a quantity of the validation set."""

import csv
from pathlib import Path

from ser_vae import SerVaeError


def read_objective(objective: str | None, folder: Path) -> dict[str, float]:
    """Read {"objective": value after the last epoch} of a finished run; {} if none is set.

    Raises:
        SerVaeError: the run has no curves of that stage, or they do not have the quantity.
    """
    if objective is None:
        return {}
    path = folder / f"{objective.partition('/')[0]}.csv"
    rows = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else [{}]
    if objective not in rows[-1]:
        known = ", ".join(name for name in rows[-1] if "/validation/" in name)
        raise SerVaeError(
            f"objective={objective}: this run has no such quantity.\n"
            f"It has: {known or 'none, as its model or classifier is no network'}."
        )
    return {"objective": float(rows[-1][objective])}
