"""The majority: class frequencies of the training set, the same for all utterances."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from utterances import EMOTIONS, RUNTIME, make_utterances

from ser_vae.baseline.majority import Majority, class_frequencies
from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation.metrics import majority
from ser_vae.evaluation.predictions import collect_predictions

LABELS = st.lists(st.integers(0, 2), min_size=1, max_size=20)


def test_it_predicts_the_frequencies_of_the_training_set():
    part = ["train"] * 5 + ["test"] * 2 + ["validation"]
    utterances = make_utterances([0, 1, 1, 2, 1, 0, 0, 0], part, ["s"] * 8)
    probability = utterances.test_probabilities(Majority(**RUNTIME))
    np.testing.assert_allclose(probability, [[0.2, 0.6, 0.2]] * 2)


@given(LABELS)
def test_frequencies_are_counted_and_ties_go_to_the_first_in_the_alphabet(label):
    frequencies = class_frequencies(np.array(label), EMOTIONS)
    assert frequencies == pytest.approx([label.count(k) / len(label) for k in range(3)])
    counts = Counter(EMOTIONS[k] for k in label)
    first = min(emotion for emotion in counts if counts[emotion] == max(counts.values()))
    assert EMOTIONS[frequencies.argmax()] == first


@given(LABELS, LABELS)
def test_its_scores_are_those_of_the_majority_that_every_run_reports(train, test):
    part = ["train"] * len(train) + ["test"] * len(test)
    utterances = make_utterances([*train, *test], part, ["s"] * len(part))
    tested = [Utterance(f"u{n}", Path("unread.wav"), EMOTIONS[k], "s") for n, k in enumerate(test)]
    probability = utterances.test_probabilities(Majority(**RUNTIME))
    result = collect_predictions(tested, np.array(test), EMOTIONS, probability)
    expected = majority([EMOTIONS[k] for k in train], result, "random")
    assert {*result["guess"]} == {expected["emotion"]}
