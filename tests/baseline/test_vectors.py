"""One vector per utterance: which values it holds, and by what they are standardised."""

import numpy as np
import pytest
from utterances import Utterances, four_speakers

from ser_vae.baseline.utterance_svm import UtteranceVectors
from ser_vae.features.functionals import functionals

BOTH = {"functionals": "mean_and_deviation", "whole": True}


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
    fitted = vectors.fit(utterances.data, utterances.part, "train")
    expected = (raw - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(fitted, expected, atol=2e-5)
    test = vectors.transform(utterances.data.of(utterances.test))
    np.testing.assert_array_equal(test, fitted[utterances.test])


def test_under_speaker_each_speaker_is_standardised_including_test_speakers():
    utterances = four_speakers()
    raw, speakers = raw_vectors(utterances), np.array(utterances.data.speakers)
    fitted = UtteranceVectors(**BOTH).fit(utterances.data, utterances.part, "speaker")
    for speaker in ("s0", "s3"):
        one = raw[speakers == speaker]
        expected = (one - one.mean(axis=0)) / one.std(axis=0)
        np.testing.assert_allclose(fitted[speakers == speaker], expected, atol=2e-5)


@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
def test_each_source_can_be_left_out(name):
    utterances = four_speakers()
    parts = {}
    for whole in (False, True):
        vectors = UtteranceVectors(functionals=name, whole=whole)
        parts[whole] = vectors.fit(utterances.data, utterances.part, "none")
    over_time = [functionals(name, frames) for frames in utterances.data.frames]
    np.testing.assert_array_equal(parts[False], over_time)
    np.testing.assert_array_equal(parts[True], np.hstack([utterances.data.whole, over_time]))
    only = UtteranceVectors(functionals=None, whole=True)
    only.fit(utterances.data, utterances.part, "none")
    np.testing.assert_array_equal(only.transform(utterances.data), utterances.data.whole)
