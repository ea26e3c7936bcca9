"""Compute the scores of a set of predictions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torchmetrics.functional.classification import multiclass_confusion_matrix

from ser_vae.evaluation.calibration import calibration
from ser_vae.evaluation.confusion import accuracies
from ser_vae.evaluation.predictions import Predictions


def scores(
    truth: npt.NDArray[np.int64], guess: npt.NDArray[np.int64], emotions: Sequence[str]
) -> dict[str, Any]:
    """Return `accuracies` with recall by emotion, and the confusion matrix."""
    confusion = multiclass_confusion_matrix(
        torch.from_numpy(guess), torch.from_numpy(truth), len(emotions)
    ).numpy()
    values = accuracies(confusion)
    recall = dict(zip(emotions, values["recall"], strict=True))
    return {**values, "recall": recall, "confusion": confusion.tolist()}


def evaluate(predictions: Predictions, protocol: str) -> dict[str, Any]:
    """Return `scores` and `calibration` with the protocol in every key, as in `random/test/ua`."""
    return _evaluate(predictions, predictions.guess, predictions.probability, protocol)


def majority(train_emotions: Sequence[str], predictions: Predictions, protocol: str) -> Any:
    """Score the baseline that predicts the most common emotion of the training set.

    Its probabilities, for nll and ece, are the proportions of the emotions in the training set.
    """
    counts = Counter(train_emotions)
    commonest = min(counts, key=lambda emotion: (-counts[emotion], emotion))
    guess = np.full_like(predictions.truth, predictions.emotions.index(commonest))
    proportion = np.array([counts[emotion] for emotion in predictions.emotions]) / counts.total()
    probability = np.tile(proportion, (len(guess), 1))
    return {"emotion": commonest, **_evaluate(predictions, guess, probability, protocol)}


def _evaluate(
    predictions: Predictions,
    guess: npt.NDArray[np.int64],
    probability: npt.NDArray[np.float64],
    protocol: str,
) -> dict[str, Any]:
    values = {
        **scores(predictions.truth, guess, predictions.emotions),
        **calibration(predictions.truth, guess, probability),
    }
    return {f"{protocol}/test/{name}": value for name, value in values.items()}
