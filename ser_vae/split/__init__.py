"""Splits: which utterances train, validate and test, in each fold of a protocol.

A split is a function of the utterances, the `seed` and the other keys of its group in conf/split.
It returns, for each fold, id -> "train", "validation" or "test" ("" if the file or the corpus that
defines the split does not say), and raises a `SerVaeError` if these utterances cannot be split.
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
    if (fold is None) != (len(folds) == 1) or (fold or 0) >= len(folds):
        expected = f"Give fold=0 to fold={len(folds) - 1}, or fold=all."
        raise SerVaeError(
            f"fold={fold}: split={protocol} has {len(folds)} folds here.\n"
            f"{expected if len(folds) > 1 else 'Do not set fold.'}"
        )
    return folds[fold or 0]


def check_fold(fold: Mapping[str, str], utterances: Sequence[Utterance], protocol: str) -> None:
    """Raise unless each utterance is in a set, and each emotion in the training set.

    Raises:
        SerVaeError: an utterance is in no set, all utterances of an emotion are outside the
            training set of the fold, or no utterance is in its test set.
    """
    if missing := [name for name, part in fold.items() if not part]:
        raise SerVaeError(
            f"split={protocol}: {len(missing)} of {len(fold)} utterances are in no set, first "
            f"{missing[0]}.\nAdd a line for each to the file of split=file, or a column `split` "
            "(train, dev or test) to the corpus for split=given."
        )
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
