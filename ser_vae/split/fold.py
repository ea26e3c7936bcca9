"""Which of a protocol's folds a run is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from ser_vae import SerVaeError

Parts = Mapping[str, str]


def fold_of(folds: Sequence[Parts], fold: Any, protocol: str) -> Parts:
    """The fold that is asked for; a protocol of several is never silently scored on one.

    Raises:
        SerVaeError: `fold` is None with several folds, anything else with one, or no fold's number.
    """
    if fold is None and len(folds) == 1:
        return folds[0]
    if len(folds) == 1:
        raise SerVaeError(f"fold={fold}: split={protocol} has no folds; leave fold alone.")
    if type(fold) is not int or not 0 <= fold < len(folds):
        raise SerVaeError(
            f"fold={fold}: split={protocol} has {len(folds)} folds here.\n"
            f"Give fold=0 to fold={len(folds) - 1}, or fold=all."
        )
    return folds[fold]
