"""Likelihood and calibration by hand, against scikit-learn, and torchmetrics' multiclass form."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from ser_vae.evaluation.calibration import calibration


def drawn(utterances: int = 500, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, utterances), rng.dirichlet(np.full(4, 0.5), utterances)


def test_the_likelihood_is_scikit_learns_log_loss():
    truth, probability = drawn()
    found = calibration(truth, probability.argmax(axis=1), probability)
    assert found["nll"] == pytest.approx(log_loss(truth, probability, labels=range(4)))


def test_equal_chances_have_the_logarithm_of_their_number():
    truth, _ = drawn()
    assert calibration(truth, truth, np.full((500, 4), 0.25))["nll"] == pytest.approx(np.log(4))


def test_an_impossible_truth_counts_much_but_not_infinitely():
    found = calibration(np.array([0, 1]), np.array([1, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert found["nll"] == pytest.approx(-np.log(2.2250738585072014e-308) / 2)


def test_calibration_error_by_hand():
    """Of [.6, .667) half are right, of [.8, .867) all, of [.933, 1] with its .95 and 1 none."""
    confidence = np.array([0.61, 0.65, 0.85, 0.95, 1.0])
    right = np.array([1, 0, 1, 0, 0])
    probability = np.stack([confidence, 1 - confidence], axis=1)
    expected = 2 / 5 * abs(0.63 - 0.5) + 1 / 5 * abs(0.85 - 1) + 2 / 5 * 0.975
    found = calibration(1 - right, np.zeros(5, int), probability)
    assert found["ece"] == pytest.approx(expected)


def test_calibration_error_is_torchmetrics_multiclass():
    truth, probability = drawn(seed=1)
    expected = multiclass_calibration_error(
        torch.from_numpy(probability), torch.from_numpy(truth), 4, n_bins=15, norm="l1"
    )
    found = calibration(truth, probability.argmax(axis=1), probability)
    assert found["ece"] == pytest.approx(float(expected), abs=1e-6)


def test_what_is_drawn_from_the_probabilities_is_calibrated():
    rng = np.random.default_rng(2)
    probability = rng.dirichlet(np.ones(4), 20_000)
    truth = (rng.random((20_000, 1)) > probability.cumsum(axis=1)).sum(axis=1)
    assert calibration(truth, probability.argmax(axis=1), probability)["ece"] < 0.015


def test_a_sum_that_rounds_above_one_is_a_probability_and_no_logit():
    above = np.array([[1 + 2e-16, 0.0], [1 + 2e-16, 0.0]])
    assert calibration(np.zeros(2, int), np.zeros(2, int), above)["ece"] == pytest.approx(0)
