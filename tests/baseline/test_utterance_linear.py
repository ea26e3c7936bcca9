"""Logistic regression on pooled frames: probabilities, temperature, and pooled_svm beside it."""

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ser_vae.baseline.calibrated import TEMPERATURES, CalibratedClassifier
from ser_vae.baseline.estimator import Training
from ser_vae.baseline.utterance_linear import UtteranceLinear
from ser_vae.compose import configure


def two_clouds(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    label = np.arange(count) % 2
    return np.random.default_rng(seed).normal(label[:, None], 1.0, (count, 4)), label


def fitted(outlier: float = 1.0, cost: float = 1.0) -> CalibratedClassifier:
    settings = {"C": cost, "class_weight": "balanced", "folds": 5}
    linear = UtteranceLinear(functionals="thirds", **settings).classifier
    vectors, label = two_clouds(200)
    vectors[0] *= outlier
    linear.fit(vectors, ["s0"] * 200, Training(label, ["train"] * 200, ("a", "b"), "train", 0))
    return linear


def test_the_guess_is_that_of_scikit_learn_and_two_classes_are_enough():
    vectors, label = two_clouds(200)
    unseen, truth = two_clouds(500, seed=1)
    scaler = StandardScaler().fit(vectors)
    reference = LogisticRegression(class_weight="balanced").fit(scaler.transform(vectors), label)
    probability = fitted().predict_proba(unseen)
    np.testing.assert_array_equal(
        probability.argmax(1), reference.predict(scaler.transform(unseen))
    )
    assert (probability.argmax(1) == truth).mean() > 0.75


def test_the_temperature_sharpens_what_a_strong_penalty_flattens():
    linear = fitted(cost=1e-4)
    assert TEMPERATURES[0] < linear.temperature < 0.5
    unseen, truth = two_clouds(500, seed=1)
    rows = np.arange(500)
    calibrated = np.log(linear.predict_proba(unseen))[rows, truth].mean()
    flat = log_softmax(linear.machine.predict_log_proba(unseen), axis=1)[rows, truth].mean()
    assert calibrated > flat + 0.05


def test_a_certain_prediction_does_not_hide_the_temperature():
    assert fitted(outlier=1e6).temperature < TEMPERATURES[1] / 2


def test_pooled_svm_is_logmel_svm_by_another_name_and_pools_like_pooled_linear():
    pooled, logmel = (configure(f"model={name}")["model"] for name in ("pooled_svm", "logmel_svm"))
    assert pooled == logmel
    linear = configure("model=pooled_linear")["model"]
    assert linear["functionals"] == pooled["functionals"] == "mean_and_deviation"
