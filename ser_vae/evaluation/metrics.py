"""Compute the scores of a set of predictions: accuracies, calibration, and a trivial baseline."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ser_vae.evaluation.predictions import PROBABILITY, emotions_of, probability_of

BINS = 15  # for the calibration error; Guo et al. 2017, "On calibration of modern neural networks"
SMALLEST = np.finfo(np.float64).tiny  # 2e-308


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


def calibration(predictions: pd.DataFrame) -> dict[str, float]:
    """Measure how reliable the probabilities are, which accuracy does not show.

    Returns:
        `nll`: negative log-likelihood in nats per utterance; ln K for uniform probabilities. A
            probability of 0 for the true class counts as 2e-308, that is 708 nats, which keeps the
            mean finite.
        `ece`: expected calibration error, 0 to 1: the mean absolute gap between the confidence in
            a guess and the proportion of correct guesses, over 15 bins of equal width weighted by
            their size.
    """
    import torch  # noqa: PLC0415  (a report needs no torch)
    from torchmetrics.functional.classification import binary_calibration_error  # noqa: PLC0415

    likelihood = np.maximum(probability_of(predictions, "truth"), SMALLEST)
    # Rounding can give just above 1, and torchmetrics puts exactly 1 into a bin of its own.
    confidence = np.minimum(probability_of(predictions, "guess"), np.nextafter(1.0, 0.0))
    correct = (predictions["guess"] == predictions["truth"]).to_numpy(dtype=np.int64)
    error = binary_calibration_error(torch.from_numpy(confidence), torch.from_numpy(correct), BINS)
    return {"nll": float(-np.log(likelihood).mean()), "ece": float(error)}


def confusion(predictions: pd.DataFrame, emotions: Sequence[str]) -> pd.DataFrame:
    """Count how often each emotion (rows) was predicted as each (columns): (K, K)."""
    counts = pd.crosstab(predictions["truth"], predictions["guess"])
    return counts.reindex(index=emotions, columns=emotions, fill_value=0)


def scores(predictions: pd.DataFrame) -> dict[str, Any]:
    """Return `accuracies` with recall by emotion, and the confusion matrix."""
    emotions = emotions_of(predictions)
    matrix = confusion(predictions, emotions).to_numpy()
    values = accuracies(matrix)
    recall = dict(zip(emotions, values["recall"], strict=True))
    return {**values, "recall": recall, "confusion": matrix.tolist()}


def evaluate(predictions: pd.DataFrame, protocol: str) -> dict[str, Any]:
    """Return `scores` and `calibration` with the protocol in every key, as in `random/test/ua`."""
    values = scores(predictions) | calibration(predictions)
    return {f"{protocol}/test/{name}": value for name, value in values.items()}


def majority(train_emotions: Sequence[str], predictions: pd.DataFrame, protocol: str) -> Any:
    """Score the baseline that predicts the most common emotion of the training set.

    Its probabilities, for nll and ece, are the proportions of the emotions in the training set.
    """
    counts = Counter(train_emotions)
    commonest = min(counts, key=lambda emotion: (-counts[emotion], emotion))
    proportions = {PROBABILITY + e: counts[e] / counts.total() for e in emotions_of(predictions)}
    constant = predictions.assign(guess=commonest, **proportions)
    return {"emotion": commonest, **evaluate(constant, protocol)}
