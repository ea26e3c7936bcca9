"""What holds for every utterance-level estimator: hidden labels, storage and new speakers."""

from typing import Any

import numpy as np
import pytest
import skops.io
from utterances import EGEMAPS, EMOTIONS, RUNTIME, SVM_SETTINGS, Utterances, four_speakers

from ser_vae.baseline.estimator import Training
from ser_vae.baseline.majority import Majority
from ser_vae.baseline.speaker_lookup import SpeakerLookup
from ser_vae.baseline.utterance_linear import UtteranceLinear
from ser_vae.baseline.utterance_svm import UtteranceSVM
from ser_vae.classifier.functionals import FunctionalsClassifier

TUNED = {**SVM_SETTINGS, "tune": True}
ESTIMATORS: dict[str, Any] = {
    "majority": lambda: Majority(**RUNTIME),
    "speaker_lookup": lambda: SpeakerLookup(**RUNTIME),
    "pooled_linear": lambda: UtteranceLinear(
        **RUNTIME, functionals="mean_and_deviation", C=0.1, class_weight="balanced", folds=3
    ),
    "logmel_svm": lambda: UtteranceSVM(**RUNTIME, functionals="thirds", svm=TUNED),
    "egemaps_svm": lambda: UtteranceSVM(**RUNTIME, egemaps=EGEMAPS, svm=SVM_SETTINGS),
    "handcrafted_svm": lambda: UtteranceSVM(
        **RUNTIME, functionals="thirds", egemaps=EGEMAPS, svm={**SVM_SETTINGS, "kernel": "rbf"}
    ),
    "functionals": lambda: FunctionalsClassifier(
        input_size=3, num_classes=3, functionals="mean_and_deviation", svm=SVM_SETTINGS
    ),
}
EACH = pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS)
POLICIES = pytest.mark.parametrize("normalise", ["train", "speaker", "none"])


def reloaded(state: dict[str, Any]) -> Any:
    """Store a state and load it without trusting any type that skops does not trust itself."""
    return skops.io.loads(skops.io.dumps(state), trusted=[])


@EACH
@POLICIES
def test_labels_outside_the_training_set_change_nothing(make, normalise):
    utterances = four_speakers()
    part = ["validation" if n % 5 == 0 else name for n, name in enumerate(utterances.part)]
    utterances = utterances._replace(part=part)
    other = np.where(utterances.train, utterances.label, (utterances.label + 1) % 3)
    changed = (utterances.label + 1) % 3
    results = []
    for label in (utterances.label, other, changed):
        estimator = make()
        estimator.fit(utterances.data, Training(label, part, EMOTIONS, normalise, 7))
        results.append(estimator.predict_proba(utterances.select(utterances.test)))
    np.testing.assert_array_equal(results[0], results[1])
    assert results[0].shape == (int(utterances.test.sum()), 3)
    np.testing.assert_allclose(results[0].sum(axis=1), 1)
    assert not np.array_equal(results[0], results[2]), "labels of the training set do matter"


@EACH
@POLICIES
def test_a_stored_estimator_predicts_the_same(make, normalise):
    utterances = four_speakers()
    fitted, fresh = utterances.fit(make(), normalise=normalise), make()
    fresh.load_state(reloaded(fitted.state()))
    np.testing.assert_array_equal(
        fresh.predict_proba(utterances.data), fitted.predict_proba(utterances.data)
    )


@EACH
def test_a_speaker_can_be_added_to_a_stored_estimator(make):
    """The test speaker is left out of training; the audio of the test set is then all there is."""
    utterances = four_speakers()
    expected = utterances.test_probabilities(make(), normalise="speaker")
    train = Utterances(
        utterances.select(utterances.train),
        utterances.label[utterances.train],
        ["train"] * int(utterances.train.sum()),
    )
    estimator = make()
    estimator.load_state(reloaded(train.fit(make(), normalise="speaker").state()))
    new = utterances.select(utterances.test)
    estimator.add_speaker("s3", new)
    np.testing.assert_array_equal(estimator.predict_proba(new), expected)
