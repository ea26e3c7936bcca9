"""What a sweeper minimises or maximises: a quantity of the validation part, never of the test part.

It stands in a run's curves, and is that of the last epoch: the epoch that is tested, too.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError

STAGES = ("pretrain", "classify")


def check(config: Mapping[str, Any]) -> None:
    """Refuse, before hours of training, an objective that no run can have or none should.

    Raises:
        SerVaeError: it is of another part than the validation part; there is no validation part;
            several folds are asked for at once.
    """
    objective = config["objective"]
    if objective is None:
        return
    stage, _, quantity = str(objective).partition("/validation/")
    if "test" in str(objective).split("/"):
        raise SerVaeError(
            f"objective={objective}: what is chosen by the test part has no test score any more.\n"
            "Use a quantity of the validation part, such as classify/validation/loss."
        )
    if stage not in STAGES or not quantity:
        raise SerVaeError(
            f"objective={objective}: expected pretrain/validation/… or classify/validation/…, "
            "such as classify/validation/loss."
        )
    if config["split"].get("validation") == 0:
        raise SerVaeError(
            f"objective={objective}: this split has no validation part.\n"
            "Take a share of the training part for it, such as split.validation=0.2."
        )
    if config["fold"] == "all":
        raise SerVaeError(
            f"objective={objective}: it is of one fold, and fold=all runs them all.\n"
            "Choose one, such as fold=0."
        )


def reached(objective: str | None, folder: Path) -> dict[str, float]:
    """{"objective": what a finished run reached}; nothing where no objective is set.

    Raises:
        SerVaeError: the run has no curves of that stage, or they do not have the quantity.
    """
    if objective is None:
        return {}
    path = folder / f"{objective.partition('/')[0]}.csv"
    if not path.exists():
        raise SerVaeError(
            f"objective={objective}: {folder.name} trained nothing epoch by epoch, so that "
            f"there is no {path.name}.\nUse a model and a classifier that are networks."
        )
    with path.open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    if objective not in last:
        known = ", ".join(name for name in last if "/validation/" in name) or "none"
        raise SerVaeError(f"objective={objective}: not in {path}.\nThere are: {known}.")
    return {"objective": float(last[objective])}
