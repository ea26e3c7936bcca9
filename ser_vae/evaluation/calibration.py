"""Measure how reliable predicted probabilities are, which accuracy does not show."""

import numpy as np
import numpy.typing as npt
import torch
from torchmetrics.functional.classification import binary_calibration_error

BINS = 15  # for the calibration error; Guo et al. 2017, "On calibration of modern neural networks"
SMALLEST = np.finfo(np.float64).tiny  # 2e-308


def calibration(
    truth: npt.NDArray[np.int64],
    guess: npt.NDArray[np.int64],
    probability: npt.NDArray[np.float64],
) -> dict[str, float]:
    """Return the negative log-likelihood and expected calibration error of U utterances.

    Args:
        truth: (U,) class indices.
        guess: (U,) class indices.
        probability: (U, K).

    Returns:
        `nll`: in nats per utterance; ln K for uniform probabilities. A probability of 0 for the
            true class counts as 2e-308, that is 708 nats, which keeps the mean finite.
        `ece`: 0 to 1, the mean absolute gap between the confidence in a guess and the proportion
            of correct guesses, over 15 bins of equal width weighted by their size.
    """
    rows = np.arange(len(truth))
    likelihood = np.maximum(probability[rows, truth], SMALLEST)
    # Rounding can give just above 1, and torchmetrics puts exactly 1 into a bin of its own.
    confidence = np.minimum(probability[rows, guess], np.nextafter(1.0, 0.0))
    error = binary_calibration_error(
        torch.from_numpy(confidence), torch.from_numpy((guess == truth).astype(np.int64)), BINS
    )
    return {"nll": float(-np.log(likelihood).mean()), "ece": float(error)}
