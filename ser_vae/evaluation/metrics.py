"""Predictions -> numbers."""

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
    """`accuracies`, the recalls by emotion, and the confusion matrix itself."""
    confusion = multiclass_confusion_matrix(
        torch.from_numpy(guess), torch.from_numpy(truth), len(emotions)
    ).numpy()
    found = accuracies(confusion)
    recall = dict(zip(emotions, found["recall"], strict=True))
    return {**found, "recall": recall, "confusion": confusion.tolist()}


def evaluate(predictions: Predictions, protocol: str) -> dict[str, Any]:
    """`scores` and `calibration`, the protocol's name in every key, such as `random/test/ua`."""
    return _evaluate(predictions, predictions.guess, predictions.probability, protocol)


def majority(train_emotions: Sequence[str], predictions: Predictions, protocol: str) -> Any:
    """The trivial baseline: every test utterance gets the training part's commonest emotion.

    Its probabilities, for nll and ece, are the emotions' shares in the training part.
    """
    counts = Counter(train_emotions)
    commonest = min(counts, key=lambda emotion: (-counts[emotion], emotion))
    guess = np.full_like(predictions.truth, predictions.emotions.index(commonest))
    share = np.array([counts[emotion] for emotion in predictions.emotions]) / counts.total()
    probability = np.tile(share, (len(guess), 1))
    return {"emotion": commonest, **_evaluate(predictions, guess, probability, protocol)}


def _evaluate(
    predictions: Predictions,
    guess: npt.NDArray[np.int64],
    probability: npt.NDArray[np.float64],
    protocol: str,
) -> dict[str, Any]:
    found = {
        **scores(predictions.truth, guess, predictions.emotions),
        **calibration(predictions.truth, guess, probability),
    }
    return {f"{protocol}/test/{name}": value for name, value in found.items()}
