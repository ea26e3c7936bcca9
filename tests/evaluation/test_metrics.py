"""Scores against scikit-learn."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from evaluation.conftest import make
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    recall_score,
)

from ser_vae.evaluation.metrics import evaluate, majority, scores

EMOTIONS = ("neutral", "happy", "sad", "angry")
K = len(EMOTIONS)
CLASS = st.integers(0, K - 1)
PAIRS = st.lists(st.tuples(CLASS, CLASS), min_size=1, max_size=50)


def predictions(
    truth: Sequence[int], guess: Sequence[int], emotions: Sequence[str] = EMOTIONS
) -> pd.DataFrame:
    return make(np.array(truth), np.array(guess), np.zeros(len(truth), int), emotions)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.permutations(EMOTIONS))
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
def test_scores_agree_with_scikit_learn_whatever_the_order_of_the_emotions(pairs, emotions):
    truth, guess = zip(*pairs, strict=True)
    present = sorted({*truth})
    result = scores(predictions(truth, guess, emotions))
    assert result["wa"] == pytest.approx(accuracy_score(truth, guess))
    assert result["ua"] == pytest.approx(balanced_accuracy_score(truth, guess))
    f1 = f1_score(truth, guess, labels=present, average="macro", zero_division=0)
    assert result["macro_f1"] == pytest.approx(f1)
    recall = recall_score(truth, guess, labels=present, average=None, zero_division=0)
    names = [emotions[k] for k in present]
    assert result["recall"] == {
        **dict.fromkeys(EMOTIONS),
        **{name: pytest.approx(value) for name, value in zip(names, recall, strict=True)},
    }
    assert result["confusion"] == confusion_matrix(truth, guess, labels=range(K)).tolist()


def test_an_evaluation_includes_calibration_and_every_key_starts_with_the_protocol():
    result = evaluate(predictions([0, 1, 2, 2], [0, 1, 2, 1]), "random")
    assert all(name.startswith("random/test/") for name in result)
    assert result["random/test/wa"] == 0.75
    assert result["random/test/ece"] == pytest.approx(0.25)
    assert result["random/test/nll"] == pytest.approx(708.396 / 4, abs=0.01)


def test_the_probabilities_of_the_majority_baseline_are_training_proportions():
    """Sad is three quarters of the training set and half of the test set."""
    result = majority(["sad"] * 3 + ["neutral"], predictions([0, 2], [1, 1]), "random")
    assert result["random/test/nll"] == pytest.approx(-np.log([0.25, 0.75]).mean())
    assert result["random/test/ece"] == pytest.approx(0.75 - 0.5)


def test_the_confidence_of_a_tied_majority_is_that_of_its_guess():
    """The guess is angry, although happy comes first among the classes."""
    result = majority(["happy", "angry"], predictions([3, 3], [1, 1]), "random")
    assert result["emotion"] == "angry"
    assert result["random/test/ece"] == pytest.approx(0.5)


def test_the_majority_is_that_of_the_training_set():
    """Sad is most common in training, neutral in the test set: the baseline predicts sad."""
    result = majority(["sad", "sad", "neutral"], predictions([0, 0, 0, 2], [1] * 4), "random")
    assert result["emotion"] == "sad"
    assert result["random/test/wa"] == 0.25
    assert result["random/test/ua"] == 0.5
    assert result["random/test/recall"] == {"neutral": 0, "happy": None, "sad": 1, "angry": None}
