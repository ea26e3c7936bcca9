"""Functionals of the frames to a support vector machine: which values it is given."""

import numpy as np
import pytest
from known_utterances import SVM_SETTINGS, four_speakers, known_of

from ser_vae import SerVaeError
from ser_vae.data.statistics import Statistics
from ser_vae.model.logmel_svm import LogMelSVM
from ser_vae.model.svm import SVM


def model(functionals: str) -> LogMelSVM:
    return LogMelSVM(input_size=30, num_classes=3, functionals=functionals, svm=SVM_SETTINGS)


def mean_and_deviation(known: Statistics) -> np.ndarray:
    each = [frames.astype(np.float64) for frames in known.frames]
    return np.array([[*frames.mean(axis=0), *frames.std(axis=0)] for frames in each])


@pytest.mark.parametrize("normalise", ["train", "speaker"])
def test_it_is_an_svm_on_standardised_means_and_deviations(normalise):
    known = known_of(four_speakers(), normalise=normalise)
    values = known.standardised(mean_and_deviation(known))
    expected = SVM(**SVM_SETTINGS).probabilities(values, known)
    found = model("mean_and_deviation").probabilities(known)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_thirds_are_another_set():
    known = known_of(four_speakers())
    found = [model(name).probabilities(known) for name in ("mean_and_deviation", "thirds")]
    assert found[0].shape == found[1].shape == (12, 3)
    assert not np.allclose(*found)


def test_emotions_that_differ_in_their_level_are_told_apart():
    material = four_speakers()
    found = model("thirds").probabilities(known_of(material))
    truth = material.label.numpy()[material.mask("test").numpy()]
    assert (found.argmax(axis=1) == truth).mean() > 0.8


def test_a_set_that_there_is_not_is_refused():
    with pytest.raises(SerVaeError, match="expected one of mean_and_deviation, thirds"):
        model("halves").probabilities(known_of(four_speakers()))
