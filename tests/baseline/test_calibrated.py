"""Calibrated classifiers: the decisions of scikit-learn's own, temperatures, inner folds."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from torch.nn.functional import cross_entropy
from utterances import EMOTIONS, SVM_SETTINGS

from ser_vae import SerVaeError
from ser_vae.baseline.calibrated import (
    TEMPERATURES,
    CalibratedClassifier,
    fit_temperature,
    inner_folds,
)
from ser_vae.baseline.estimator import Training
from ser_vae.baseline.utterance_svm import support_vector_machines
from ser_vae.corpus.folder import UNKNOWN_SPEAKER

SETTINGS = [
    {"kernel": kernel, "C": cost, "class_weight": weight}
    for kernel in ("linear", "rbf")
    for cost in (0.01, 1.0)
    for weight in (None, "balanced")
]


def training(label: Any, part: Any = None, seed: int = 7) -> Training:
    return Training(np.array(label), part or ["train"] * len(label), EMOTIONS, "train", seed)


class Problem(NamedTuple):
    """Vectors (U, E), labels (U,) and speakers (U,); of four speakers the last is tested."""

    vectors: np.ndarray
    label: np.ndarray
    speakers: np.ndarray

    @property
    def train(self) -> np.ndarray:
        return self.speakers != "s3"

    @property
    def training(self) -> Training:
        return training(self.label, ["train" if known else "test" for known in self.train])

    def fit(self, **changed: Any) -> CalibratedClassifier:
        machines = support_vector_machines({**SVM_SETTINGS, **changed})
        classifier = CalibratedClassifier(machines, 3)
        classifier.fit(self.vectors, self.speakers, self.training)
        return classifier

    def probabilities(self, **changed: Any) -> np.ndarray:
        return self.fit(**changed).predict_proba(self.vectors[~self.train])


def margins(
    vectors: np.ndarray, label: np.ndarray, unseen: np.ndarray, **setting: Any
) -> np.ndarray:
    """Return the margins of a separate machine for each class."""
    scaler, options = StandardScaler().fit(vectors), {**setting, "gamma": 1 / vectors.shape[1]}
    train, test = scaler.transform(vectors), scaler.transform(unseen)
    machines = [SVC(**options).fit(train, label == k) for k in range(label.max() + 1)]
    return np.stack([machine.decision_function(test) for machine in machines], axis=1)


def clouds(spread: float = 1.0, seed: int = 0) -> Problem:
    """Five values, two of which depend on the emotion."""
    rng, label = np.random.default_rng(seed), np.arange(96) % 3
    vectors = rng.normal(0, spread, (96, 5)) * [1, 3, 1, 10, 1] + 5
    vectors[np.arange(96), label % 2] += 2
    vectors[:, 2] += label
    return Problem(vectors, label, np.array([f"s{n % 4}" for n in range(96)]))


def held_out_margins(problem: Problem, setting: dict[str, Any]) -> np.ndarray:
    vectors, label = problem.vectors[problem.train], problem.label[problem.train]
    held_out = np.empty((len(label), 3))
    for fitted, unseen in inner_folds(problem.speakers, problem.training, 3):
        held_out[unseen] = margins(vectors[fitted], label[fitted], vectors[unseen], **setting)
    return held_out


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_probabilities_are_the_softmax_of_margins_at_the_temperature_of_held_out_ones(setting):
    problem = clouds()
    train = problem.train
    label, unseen = problem.label[train], problem.vectors[~train]
    temperature = fit_temperature(held_out_margins(problem, setting), label)
    of_test = margins(problem.vectors[train], label, unseen, **setting)
    expected = torch.from_numpy(of_test / temperature).softmax(dim=1)
    np.testing.assert_allclose(problem.probabilities(**setting), expected, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_first_setting_with_the_highest_ua_over_all_inner_folds_is_chosen(seed):
    problem = clouds(3.0, seed)
    label = problem.label[problem.train]
    guesses = [held_out_margins(problem, setting).argmax(axis=1) for setting in SETTINGS]
    ua = [recall_score(label, guess, average="macro") for guess in guesses]
    chosen = problem.fit(tune=True).machine[-1].estimator
    assert {name: getattr(chosen, name) for name in SETTINGS[0]} == SETTINGS[np.argmax(ua)]


# --- the temperature ----------------------------------------------------------------------------


@given(scale=st.floats(0.2, 20), seed=st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_no_other_temperature_is_more_likely(scale, seed):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, 60)
    margins = scale * (rng.normal(0, 1, (60, 3)) + np.eye(3)[label])

    def loss(temperature: float) -> float:
        logits = torch.from_numpy(margins / temperature)
        return float(cross_entropy(logits, torch.from_numpy(label), label_smoothing=1 / 62))

    others = min(loss(temperature) for temperature in np.geomspace(*TEMPERATURES, 300))
    assert loss(fit_temperature(margins, label)) <= others + 1e-6


def test_temperatures_are_bounded_if_every_guess_is_right_or_wrong():
    """600 utterances, all right, give a probability of 1 - 1 / 602, and the spread of a label."""
    label = np.arange(600) % 3
    margins = 2.0 * np.eye(3)[label] - 1
    odds = np.exp(2 / fit_temperature(margins, label))
    assert odds / (odds + 2) == pytest.approx(1 - 2 / 3 / 602, abs=1e-6)
    assert fit_temperature(-margins, label) > 100


# --- the inner folds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test", "apart"),
    [
        ("abab", "c", True),
        ("abab", "b", False),  # the test set shares a speaker
        ("aaaa", "c", False),  # there is only one
        (["a", UNKNOWN_SPEAKER] * 2, "c", False),  # may be a, b or c
    ],
)
def test_whole_speakers_are_held_out_only_if_the_test_set_has_new_speakers(train, test, apart):
    """Each speaker has both emotions; folds that are stratified by emotion divide speakers."""
    part = ["train"] * 4 + ["test", "unlabelled"]
    given = Training(np.array([0, 0, 1, 1, 0, -1]), part, EMOTIONS[:2], "train", 7)
    folds = inner_folds([*train, *test, "a"], given, 2)
    speakers = sorted("".join({train[n] for n in held_out}) for _, held_out in folds)
    assert (speakers == ["a", "b"]) == apart


def test_inner_folds_keep_speakers_apart_and_hold_out_every_utterance_once():
    problem = clouds()
    speakers, label = problem.speakers[problem.train], problem.label[problem.train]
    folds = inner_folds(problem.speakers, problem.training, 5)
    assert len(folds) == 3  # the speakers of the training set
    for fitted, held_out in folds:
        assert not set(speakers[fitted]) & set(speakers[held_out])
    assert sorted(np.concatenate([held for _, held in folds])) == list(range(len(label)))


def test_without_speakers_inner_folds_are_stratified_and_follow_the_seed():
    label = np.array([0, 1, 2] * 12)
    one = ["s0"] * len(label)
    first, again, other = (inner_folds(one, training(label, seed=seed), 4) for seed in (7, 7, 8))
    assert len(first) == 4
    for fitted, held_out in first:
        np.testing.assert_array_equal(np.bincount(label[held_out]), [3, 3, 3])
        assert not set(fitted) & set(held_out)
    held_out = [folds[0][1].tolist() for folds in (first, again, other)]
    assert held_out[0] == held_out[1] != held_out[2]


def test_a_speaker_who_alone_has_an_emotion_is_not_held_out_whole():
    label = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    for fitted, _ in inner_folds(list("aaabbbccc"), training(label), 3):
        assert set(label[fitted]) == {0, 1, 2}


@pytest.mark.parametrize(("label", "count"), [([0, 0, 1, 1, 2], 1), ([0, 0, 1, 1, 1], 0)])
def test_an_emotion_with_fewer_than_two_utterances_is_an_error_that_names_it(label, count):
    with pytest.raises(SerVaeError, match=f"happy: {count} utterances in the training set"):
        inner_folds(list("aabbb"), training(label), 3)
