"""Scores against scikit-learn."""

import numpy as np
import pytest
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
from ser_vae.evaluation.predictions import Predictions

EMOTIONS = ("neutral", "happy", "sad", "angry")
K = len(EMOTIONS)
CLASS = st.integers(0, K - 1)
PAIRS = st.lists(st.tuples(CLASS, CLASS), min_size=1, max_size=50)


def arrays(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    truth, guess = np.array(pairs).T
    return truth, guess


def predictions(truth: list[int], guess: list[int]) -> Predictions:
    empty = ("",) * len(truth)
    return Predictions(EMOTIONS, empty, empty, empty, np.array(truth), np.eye(K)[guess])


@settings(max_examples=200, deadline=None)
@given(PAIRS)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
def test_scores_agree_with_scikit_learn(pairs):
    truth, guess = arrays(pairs)
    present = sorted(set(truth.tolist()))
    found = scores(truth, guess, EMOTIONS)
    assert found["wa"] == pytest.approx(accuracy_score(truth, guess))
    assert found["ua"] == pytest.approx(balanced_accuracy_score(truth, guess))
    f1 = f1_score(truth, guess, labels=present, average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(f1)
    recall = recall_score(truth, guess, labels=present, average=None, zero_division=0)
    names = [EMOTIONS[k] for k in present]
    assert found["recall"] == {
        **dict.fromkeys(EMOTIONS),
        **{name: pytest.approx(value) for name, value in zip(names, recall, strict=True)},
    }
    assert found["confusion"] == confusion_matrix(truth, guess, labels=range(K)).tolist()


@settings(max_examples=50, deadline=None)
@given(PAIRS, st.permutations(range(K)))
def test_the_order_of_the_emotions_does_not_matter(pairs, order):
    truth, guess = arrays(pairs)
    place = np.argsort(order)
    plain = scores(truth, guess, EMOTIONS)
    other = scores(place[truth], place[guess], [EMOTIONS[k] for k in order])
    assert {k: other[k] for k in ("wa", "ua", "macro_f1")} == pytest.approx(
        {k: plain[k] for k in ("wa", "ua", "macro_f1")}
    )
    assert other["recall"] == pytest.approx(plain["recall"])


def test_an_emotion_that_nobody_tested_has_no_recall_and_counts_in_no_mean():
    found = scores(np.array([0, 0, 1]), np.array([0, 3, 1]), EMOTIONS)
    assert found["recall"] == {"neutral": 0.5, "happy": 1.0, "sad": None, "angry": None}
    assert found["ua"] == 0.75
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)


def test_rows_of_the_confusion_are_the_truth():
    confusion = scores(np.array([0, 0, 0]), np.array([1, 1, 0]), EMOTIONS)["confusion"]
    assert confusion[0] == [1, 2, 0, 0]


def test_every_score_carries_its_protocol():
    found = evaluate(predictions([0, 1], [0, 0]), "random")
    assert found["random/test/wa"] == 0.5
    assert all(name.startswith("random/test/") for name in found)


def test_every_evaluation_says_how_far_its_probabilities_can_be_believed():
    found = evaluate(predictions([0, 1, 2, 2], [0, 1, 2, 1]), "random")
    assert found["random/test/ece"] == pytest.approx(0.25)
    assert found["random/test/nll"] == pytest.approx(708.396 / 4, abs=0.01)


def test_the_majority_is_as_sure_as_its_emotion_is_common_in_training():
    """Sad has three quarters of the training part, half of the test part."""
    found = majority(["sad"] * 3 + ["neutral"], predictions([0, 2], [1, 1]), "random")
    assert found["random/test/nll"] == pytest.approx(-np.log([0.25, 0.75]).mean())
    assert found["random/test/ece"] == pytest.approx(0.75 - 0.5)


def test_the_majority_of_a_tie_is_judged_by_the_emotion_that_it_says():
    """Angry is said, though happy comes first among the classes."""
    found = majority(["happy", "angry"], predictions([3, 3], [1, 1]), "random")
    assert found["emotion"] == "angry"
    assert found["random/test/ece"] == pytest.approx(0.5)


def test_the_majority_is_of_the_training_part():
    """Sad is the commonest in training, neutral in the test: the baseline says sad."""
    found = majority(["sad", "sad", "neutral"], predictions([0, 0, 0, 2], [1] * 4), "random")
    assert found["emotion"] == "sad"
    assert found["random/test/wa"] == 0.25
    assert found["random/test/ua"] == 0.5
    assert found["random/test/recall"] == {"neutral": 0, "happy": None, "sad": 1, "angry": None}


def test_a_tie_for_the_majority_does_not_depend_on_the_order():
    test = predictions([0, 1], [0, 0])
    one, other = (majority(t, test, "random") for t in (["sad", "angry"], ["angry", "sad"]))
    assert one == other


def test_a_majority_that_is_not_tested_scores_nothing():
    assert majority(["angry"], predictions([0, 1], [0, 0]), "random")["random/test/ua"] == 0
