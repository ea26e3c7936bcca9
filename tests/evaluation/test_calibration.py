"""Likelihood and calibration error by hand, against scikit-learn and against torchmetrics."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from ser_vae.evaluation.metrics import calibration


def measure(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    names = np.array(["calm", "gay", "sad", "tired"])[: probability.shape[1]]
    frame = pd.DataFrame(probability, columns=[f"p_{name}" for name in names])
    guess = probability.argmax(axis=1)
    return calibration(frame.assign(truth=names[truth], guess=names[guess]))


def sample(utterances: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, utterances), rng.dirichlet(np.full(4, 0.5), utterances)


def test_the_likelihood_equals_the_log_loss_of_scikit_learn():
    truth, probability = sample()
    result = measure(truth, probability)
    assert result["nll"] == pytest.approx(log_loss(truth, probability, labels=range(4)))


def test_a_probability_of_zero_for_the_truth_gives_a_large_finite_loss():
    result = measure(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert result["nll"] == pytest.approx(-np.log(2.2250738585072014e-308) / 2)


def test_calibration_error_matches_a_calculation_by_hand():
    """In [.6, .667) half are correct, in [.8, .867) all, in [.933, 1] none."""
    confidence = np.array([0.61, 0.65, 0.85, 0.95, 1.0])
    right = np.array([1, 0, 1, 0, 0])
    probability = np.stack([confidence, 1 - confidence], axis=1)
    expected = 2 / 5 * abs(0.63 - 0.5) + 1 / 5 * abs(0.85 - 1) + 2 / 5 * 0.975
    result = measure(1 - right, probability)
    assert result["ece"] == pytest.approx(expected)


def test_calibration_error_equals_the_multiclass_form_of_torchmetrics():
    truth, probability = sample(seed=1)
    expected = multiclass_calibration_error(
        torch.from_numpy(probability), torch.from_numpy(truth), 4, n_bins=15, norm="l1"
    )
    result = measure(truth, probability)
    assert result["ece"] == pytest.approx(float(expected), abs=1e-6)


def test_a_probability_that_rounds_above_one_is_not_taken_for_a_logit():
    above = np.array([[1 + 2e-16, 0.0], [1 + 2e-16, 0.0]])
    assert measure(np.zeros(2, int), above)["ece"] == pytest.approx(0)
