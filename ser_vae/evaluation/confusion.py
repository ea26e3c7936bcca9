"""A confusion matrix -> accuracies."""

from typing import Any

import numpy as np
import numpy.typing as npt


def accuracies(confusion: npt.NDArray[np.int64]) -> dict[str, Any]:
    """WA, UA, macro-F1 and recalls of a (K, K) matrix, rows the truth, columns the guess.

    WA (weighted accuracy) is the share of utterances that are right; UA (unweighted) and macro-F1
    are means over those classes that occur. One that does not occur has a recall of None.
    """
    right, said, true = confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)
    present = true > 0
    recall = right[present] / true[present]
    f1 = 2 * right[present] / (said + true)[present]
    found = iter(recall.tolist())
    return {
        "wa": float(right.sum() / true.sum()),
        "ua": float(recall.mean()),
        "macro_f1": float(f1.mean()),
        "recall": [next(found) if there else None for there in present],
    }
