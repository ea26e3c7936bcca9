"""The majority: shares of the training part, alike for all."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_utterances import EMOTIONS, known_of, material_of

from ser_vae.evaluation.metrics import majority
from ser_vae.evaluation.predictions import predictions
from ser_vae.model.majority import Majority, frequencies

LABELS = st.lists(st.integers(0, 2), min_size=1, max_size=20)


def model() -> Majority:
    return Majority(input_size=800, num_classes=3)


def test_it_says_the_shares_of_the_training_part_of_each_test_utterance():
    parts = ["train"] * 5 + ["test"] * 2 + ["validation"]
    material = material_of([0, 1, 1, 2, 1, 0, 0, 0], parts, ["s"] * 8)
    found = model().probabilities(known_of(material))
    np.testing.assert_allclose(found, [[0.2, 0.6, 0.2]] * 2)


@given(LABELS)
def test_shares_are_those_of_a_count_and_sum_to_one(label):
    found = frequencies(np.array(label), EMOTIONS)
    assert found == pytest.approx([label.count(k) / len(label) for k in range(3)])
    assert found.sum() == pytest.approx(1)


@given(LABELS)
def test_of_equally_common_ones_it_is_the_first_in_the_alphabet(label):
    counts = Counter(EMOTIONS[k] for k in label)
    most = max(counts.values())
    first = min(emotion for emotion, count in counts.items() if count == most)
    assert EMOTIONS[frequencies(np.array(label), EMOTIONS).argmax()] == first


@given(LABELS, LABELS)
def test_its_scores_are_those_of_the_baseline_that_every_run_reports(train, test):
    parts = ["train"] * len(train) + ["test"] * len(test)
    material = material_of([*train, *test], parts, ["s"] * len(parts))
    utterances = material.utterances_of("test")
    found = predictions(utterances, EMOTIONS, model().probabilities(known_of(material)))
    expected = majority([EMOTIONS[k] for k in train], found, "random")
    assert {EMOTIONS[k] for k in found.guess} == {expected["emotion"]}
