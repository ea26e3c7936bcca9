"""Splits: which utterances train, validate and test, in each fold of a protocol.

A split is a function of the utterances, the `seed` and the other keys of its group in conf/split.
It returns, for each fold, id -> "train", "validation" or "test", and raises a `SerVaeError` if
these utterances cannot be split in this way.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def select_fold(folds: Sequence[Mapping[str, str]], fold: Any, protocol: str) -> Mapping[str, str]:
    """Return the requested fold; never silently choose one of several.

    Raises:
        SerVaeError: `fold` is None with several folds, not None with one, or too large.
    """
    if fold is None and len(folds) == 1:
        return folds[0]
    if len(folds) == 1:
        raise SerVaeError(f"fold={fold}: split={protocol} has no folds; do not set fold.")
    if fold is None or fold >= len(folds):
        raise SerVaeError(
            f"fold={'null' if fold is None else fold}: split={protocol} has {len(folds)} folds.\n"
            f"Give fold=0 to fold={len(folds) - 1}, or fold=all."
        )
    return folds[fold]


def check_fold(fold: Mapping[str, str], utterances: Sequence[Utterance], protocol: str) -> None:
    """Raise if the test set is empty, or an emotion is missing from the training set.

    Raises:
        SerVaeError: all utterances of an emotion are outside the training set of the fold, or no
            utterance is in its test set.
    """
    if "test" not in fold.values():
        raise SerVaeError(
            f"split={protocol}: none of {len(fold)} utterances is in the test set.\n"
            "A run needs both train and test; only validation may be empty."
        )
    learned = {u.emotion for u in utterances if fold[u.id] == "train"}
    held_out = [u for u in utterances if u.emotion not in learned]
    if held_out:
        raise SerVaeError(
            f"split={protocol}: a training set has no utterance of "
            f"{', '.join(sorted({u.emotion for u in held_out}))}: all {len(held_out)} are held out "
            f"together, such as {held_out[0].id}.\n"
            "Remove the class from the corpus, or use a split that divides it: split=random."
        )
