"""The SVM baselines: the standardised vectors of utterances, and an SVM on them."""

import numpy as np
import pytest
from utterances import EGEMAPS, EMOTIONS, RUNTIME, SVM_SETTINGS, Utterances, four_speakers

from ser_vae.baseline.calibrated import CalibratedClassifier
from ser_vae.baseline.estimator import Training
from ser_vae.baseline.utterance_svm import (
    UtteranceSVM,
    UtteranceVectors,
    support_vector_machines,
)
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.features.functionals import functionals
from ser_vae.run import configure
from ser_vae.settings import build

CONFIGURED = {
    "logmel_svm": {"functionals": "mean_and_deviation", "egemaps": None},
    "egemaps_svm": {"functionals": None, "egemaps": EGEMAPS},
    "handcrafted_svm": {"functionals": "mean_and_deviation", "egemaps": EGEMAPS},
}


@pytest.mark.parametrize("normalise", ["train", "speaker"])
@pytest.mark.parametrize("name", CONFIGURED)
def test_it_is_an_svm_on_the_configured_vectors(name, normalise):
    model = configure(f"model={name}")["model"]
    utterances = four_speakers()
    vectors = UtteranceVectors(**CONFIGURED[name]).fit_vectors(
        utterances.data, utterances.part, normalise
    )
    svm = CalibratedClassifier(support_vector_machines(model["svm"]), model["svm"]["folds"])
    training = Training(utterances.label, utterances.part, EMOTIONS, normalise, 7)
    svm.fit(vectors, utterances.data.speakers, training)
    np.testing.assert_array_equal(
        utterances.test_probabilities(build(model, **RUNTIME), normalise=normalise),
        svm.predict_proba(vectors[utterances.test]),
    )


def test_the_extractor_trims_the_same_ends_as_the_frames():
    config = configure("model=egemaps_svm", "features.trim_db=40", "features.window=0.03")
    extractor = build(config["model"], **RUNTIME).extractor
    assert extractor == EGeMAPS(
        sample_rate=16_000, level="functionals", window=0.03, frame_shift=0.010, trim_db=40
    )
    assert UtteranceSVM(**RUNTIME, functionals="thirds", svm=SVM_SETTINGS).extractor is None
    assert UtteranceSVM(**RUNTIME, egemaps=EGEMAPS, svm=SVM_SETTINGS).extractor is not None


BOTH = {"functionals": "mean_and_deviation", "egemaps": EGEMAPS}


def raw_vectors(utterances: Utterances) -> np.ndarray:
    """eGeMAPS, then means and standard deviations of the frames: not standardised (U, 88 + 6)."""
    frames = [each.astype(np.float64) for each in utterances.data.frames]
    over_time = [[*each.mean(axis=0), *each.std(axis=0)] for each in frames]
    return np.hstack([utterances.data.whole, over_time])


def test_vectors_are_standardised_by_the_training_set():
    utterances = four_speakers()
    raw = raw_vectors(utterances)
    train = raw[utterances.train]
    vectors = UtteranceVectors(**BOTH)
    fitted = vectors.fit_vectors(utterances.data, utterances.part, "train")
    expected = (raw - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(fitted, expected, atol=2e-5)
    test = vectors.transform(utterances.select(utterances.test))
    np.testing.assert_array_equal(test, fitted[utterances.test])


def test_under_speaker_each_speaker_is_standardised_including_test_speakers():
    utterances = four_speakers()
    raw, speakers = raw_vectors(utterances), np.array(utterances.data.speakers)
    fitted = UtteranceVectors(**BOTH).fit_vectors(utterances.data, utterances.part, "speaker")
    for speaker in ("s0", "s3"):
        one = raw[speakers == speaker]
        expected = (one - one.mean(axis=0)) / one.std(axis=0)
        np.testing.assert_allclose(fitted[speakers == speaker], expected, atol=2e-5)


@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
def test_each_source_can_be_left_out(name):
    utterances = four_speakers()
    parts = {}
    for whole, egemaps in ((False, None), (True, EGEMAPS)):
        vectors = UtteranceVectors(name, egemaps)
        parts[whole] = vectors.fit_vectors(utterances.data, utterances.part, "none")
    over_time = [functionals(name, frames) for frames in utterances.data.frames]
    np.testing.assert_array_equal(parts[False], over_time)
    np.testing.assert_array_equal(parts[True], np.hstack([utterances.data.whole, over_time]))
    only = UtteranceVectors(None, EGEMAPS)
    only.fit_vectors(utterances.data, utterances.part, "none")
    np.testing.assert_array_equal(only.transform(utterances.data), utterances.data.whole)
