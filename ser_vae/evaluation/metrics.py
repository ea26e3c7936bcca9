"""Compute the scores of a set of predictions: accuracies, calibration, and a trivial baseline."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation.predictions import Predictions

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


def calibration(
    truth: npt.NDArray[np.int64], guess: npt.NDArray[np.int64], probability: npt.NDArray[np.float64]
) -> dict[str, float]:
    """Measure how reliable the probabilities of U utterances are, which accuracy does not show.

    Args:
        truth: (U,) class indices.
        guess: (U,) class indices.
        probability: (U, K).

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

    rows = np.arange(len(truth))
    likelihood = np.maximum(probability[rows, truth], SMALLEST)
    # Rounding can give just above 1, and torchmetrics puts exactly 1 into a bin of its own.
    confidence = torch.from_numpy(np.minimum(probability[rows, guess], np.nextafter(1.0, 0.0)))
    correct = torch.from_numpy((guess == truth).astype(np.int64))
    error = binary_calibration_error(confidence, correct, BINS)
    return {"nll": float(-np.log(likelihood).mean()), "ece": float(error)}


def scores(
    truth: npt.NDArray[np.int64], guess: npt.NDArray[np.int64], emotions: Sequence[str]
) -> dict[str, Any]:
    """Return `accuracies` with recall by emotion, and the confusion matrix."""
    k = len(emotions)
    confusion = np.bincount(truth * k + guess, minlength=k * k).reshape(k, k)
    values = accuracies(confusion)
    recall = dict(zip(emotions, values["recall"], strict=True))
    return {**values, "recall": recall, "confusion": confusion.tolist()}


def evaluate(
    predictions: Predictions, protocol: str, guess: npt.NDArray[np.int64] | None = None
) -> dict[str, Any]:
    """Return `scores` and `calibration` with the protocol in every key, as in `random/test/ua`.

    A `guess` (U,) replaces the most probable emotion.
    """
    p, guess = predictions, predictions.guess if guess is None else guess
    values = scores(p.truth, guess, p.emotions) | calibration(p.truth, guess, p.probability)
    return {f"{protocol}/test/{name}": value for name, value in values.items()}


def majority(train_emotions: Sequence[str], predictions: Predictions, protocol: str) -> Any:
    """Score the baseline that predicts the most common emotion of the training set.

    Its probabilities, for nll and ece, are the proportions of the emotions in the training set.
    """
    counts = Counter(train_emotions)
    commonest = min(counts, key=lambda emotion: (-counts[emotion], emotion))
    guess = np.full_like(predictions.truth, predictions.emotions.index(commonest))
    proportion = np.array([counts[emotion] for emotion in predictions.emotions]) / counts.total()
    constant = replace(predictions, probability=np.tile(proportion, (len(guess), 1)))
    return {"emotion": commonest, **evaluate(constant, protocol, guess)}
