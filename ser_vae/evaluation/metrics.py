"""Predictions -> numbers."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torchmetrics.functional.classification import multiclass_confusion_matrix

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
    """`scores`, the protocol's name in every key, such as `random/test/ua`."""
    return _named(scores(predictions.truth, predictions.guess, predictions.emotions), protocol)


def majority(train_emotions: Sequence[str], predictions: Predictions, protocol: str) -> Any:
    """The trivial baseline: every test utterance gets the training part's commonest emotion."""
    commonest = min(Counter(train_emotions).items(), key=lambda item: (-item[1], item[0]))[0]
    guess = np.full_like(predictions.truth, predictions.emotions.index(commonest))
    named = _named(scores(predictions.truth, guess, predictions.emotions), protocol)
    return {"emotion": commonest, **named}


def _named(values: dict[str, Any], protocol: str) -> dict[str, Any]:
    return {f"{protocol}/test/{name}": value for name, value in values.items()}
