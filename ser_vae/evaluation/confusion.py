"""Compute accuracies from a confusion matrix."""

from typing import Any

import numpy as np
import numpy.typing as npt


def accuracies(confusion: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Return WA, UA, macro-F1 and the recall per class of a (K, K) matrix, rows the truth.

    WA (weighted accuracy) is the proportion of correct utterances; UA (unweighted accuracy) and
    macro-F1 are means over the classes that occur. A class that does not occur has recall None.
    """
    correct, guessed, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    present = true > 0
    recall = correct / np.maximum(true, 1)
    f1 = 2 * correct[present] / (guessed + true)[present]
    return {
        "wa": float(correct.sum() / true.sum()),
        "ua": float(recall[present].mean()),
        "macro_f1": float(f1.mean()),
        "recall": [r if seen else None for r, seen in zip(recall.tolist(), present, strict=True)],
    }
