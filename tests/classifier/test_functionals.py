"""Functionals of latents to a support vector machine."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skops.io
from utterances import EMOTIONS, RUNTIME, SVM_SETTINGS, four_speakers

from ser_vae.baseline.estimator import Training, UtteranceData
from ser_vae.baseline.utterance_svm import UtteranceSVM
from ser_vae.classifier.functionals import FunctionalsClassifier

UTTERANCES = four_speakers()
SPEAKERS, TEST = UTTERANCES.data.speakers, UTTERANCES.test
POLICIES = pytest.mark.parametrize("normalise", ["train", "speaker", "none"])


def latents() -> list[np.ndarray]:
    """Of 1 to 12 segments, Z = 4; the emotion shifts one latent."""
    rng = np.random.default_rng(0)
    pairs = enumerate(UTTERANCES.label)
    return [rng.normal(0, 1, (1 + n % 12, 4)) + 3 * np.eye(4)[k] for n, k in pairs]


DATA = UtteranceData(latents(), None, SPEAKERS)


def classifier(name: str = "thirds") -> FunctionalsClassifier:
    return FunctionalsClassifier(input_size=4, num_classes=3, functionals=name, svm=SVM_SETTINGS)


def fitted(normalise: str, name: str = "thirds", label: np.ndarray | None = None) -> Any:
    made = classifier(name)
    label = np.where(UTTERANCES.train, UTTERANCES.label, -1) if label is None else label
    made.fit(DATA, Training(label, UTTERANCES.part, EMOTIONS, normalise, 7))
    return made


@POLICIES
@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
def test_it_is_the_utterance_svm_on_latents(name, normalise):
    utterances = UTTERANCES._replace(data=DATA)
    expected = utterances.test_probabilities(
        UtteranceSVM(**RUNTIME, functionals=name, svm=SVM_SETTINGS), normalise=normalise
    )
    probability = fitted(normalise, name).predict_proba(DATA.of(TEST))
    np.testing.assert_array_equal(probability, expected)
    assert (probability.argmax(axis=1) == UTTERANCES.label[TEST]).mean() > 0.8


def test_labels_of_the_test_set_change_nothing():
    expected = fitted("train").predict_proba(DATA)
    other = fitted("train", label=UTTERANCES.label).predict_proba(DATA)
    np.testing.assert_array_equal(other, expected)


@POLICIES
def test_a_stored_classifier_predicts_the_same(normalise):
    trained, fresh = fitted(normalise), classifier()
    fresh.load_state(skops.io.loads(skops.io.dumps(trained.state()), trusted=[]))
    np.testing.assert_array_equal(fresh.predict_proba(DATA), trained.predict_proba(DATA))


def test_a_speaker_can_be_added():
    """Here s3 under another name: equal latents have equal statistics."""
    trained, test = fitted("speaker"), DATA.of(TEST)
    new = replace(test, speakers=("new",) * len(test))
    trained.add_speaker("new", new)
    np.testing.assert_array_equal(trained.predict_proba(new), trained.predict_proba(test))
