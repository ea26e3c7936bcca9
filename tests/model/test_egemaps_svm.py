"""eGeMAPS functionals to a support vector machine: nothing but them."""

import numpy as np
import pytest
from known_utterances import EGEMAPS, SVM_SETTINGS, WHOLE, four_speakers, known_of

from ser_vae.configuration import build
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.model.egemaps_svm import EGeMAPSSVM
from ser_vae.model.svm import SVM
from ser_vae.run import configure


def model() -> EGeMAPSSVM:
    return EGeMAPSSVM(input_size=30, num_classes=3, egemaps=EGEMAPS, svm=SVM_SETTINGS)


def test_it_is_an_svm_on_the_standardised_functionals():
    known = known_of(four_speakers(), whole=WHOLE)
    train = WHOLE[known.in_train]
    values = (WHOLE - train.mean(axis=0)) / train.std(axis=0)
    expected = SVM(**SVM_SETTINGS).probabilities(values, known)
    np.testing.assert_allclose(model().probabilities(known), expected, atol=1e-6)


def test_without_what_its_extractor_gives_it_is_not_used():
    with pytest.raises(ValueError, match="extractor"):
        model().probabilities(known_of(four_speakers()))


def test_as_configured_it_cuts_the_same_ends_as_the_frames():
    config = configure("model=egemaps_svm", "features.trim_db=40", "features.window=0.03")
    made = build(config["model"], input_size=800, num_classes=4)
    assert made.extractor == EGeMAPS(
        sample_rate=16_000, level="functionals", window=0.03, frame_shift=0.010, trim_db=40
    )
