"""How far the probabilities can be believed, which no accuracy says."""

import numpy as np
import numpy.typing as npt
import torch
from torchmetrics.functional.classification import binary_calibration_error

BINS = 15  # of the calibration error; Guo et al. 2017, "On calibration of modern neural networks"
SMALLEST = np.finfo(np.float64).tiny  # 2e-308


def calibration(
    truth: npt.NDArray[np.int64],
    guess: npt.NDArray[np.int64],
    probability: npt.NDArray[np.float64],
) -> dict[str, float]:
    """Negative log-likelihood and expected calibration error of U utterances.

    Args:
        truth: (U,) class indices.
        guess: the same.
        probability: (U, K).

    Returns:
        `nll` in nats an utterance: a guesser of K equal chances has ln K. A true class of
            probability 0 counts as 2e-308, which is 708 nats: large, and finite.
        `ece`, 0 to 1: how far the guess's probability is from the share of such guesses that is
            right, in 15 bins of equal width, weighted by how many fall in each.
    """
    rows = np.arange(len(truth))
    likelihood = np.maximum(probability[rows, truth], SMALLEST)
    # A sum may round to just above 1, and torchmetrics gives exactly 1 a bin of its own.
    confidence = np.minimum(probability[rows, guess], np.nextafter(1.0, 0.0))
    error = binary_calibration_error(
        torch.from_numpy(confidence), torch.from_numpy((guess == truth).astype(np.int64)), BINS
    )
    return {"nll": float(-np.log(likelihood).mean()), "ece": float(error)}
