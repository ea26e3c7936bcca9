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


def raw_vectors(utterances: Utterances) -> np.ndarray:
    """eGeMAPS, then means and standard deviations of the frames: not standardised (U, 88 + 6)."""
    frames = [each.astype(np.float64) for each in utterances.data.frames]
    over_time = [[*each.mean(axis=0), *each.std(axis=0)] for each in frames]
    return np.hstack([utterances.data.whole, over_time])


SOURCES = {
    "logmel_svm": slice(88, None),
    "egemaps_svm": slice(0, 88),
    "handcrafted_svm": slice(None),
}


@pytest.mark.parametrize("normalise", ["train", "speaker"])
@pytest.mark.parametrize("name", SOURCES)
def test_vectors_are_standardised_by_the_training_set_or_by_each_speaker(name, normalise):
    """Under "speaker" by the test speaker, too."""
    utterances = four_speakers()
    raw = raw_vectors(utterances)[:, SOURCES[name]]
    speakers = np.array(utterances.data.speakers)
    vectors = UtteranceVectors(**CONFIGURED[name])
    fitted = vectors.fit_vectors(utterances.data, utterances.part, normalise)
    for speaker in ("s0", "s3"):
        one = speakers == speaker
        given = raw[utterances.train if normalise == "train" else one]
        expected = (raw[one] - given.mean(axis=0)) / given.std(axis=0)
        np.testing.assert_allclose(fitted[one], expected, atol=2e-5)
    test = vectors.transform(utterances.select(utterances.test))
    np.testing.assert_array_equal(test, fitted[utterances.test])
