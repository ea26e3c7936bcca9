"""eGeMAPS and functionals of the frames, joined."""

import numpy as np
import pytest
from known_utterances import EGEMAPS, SVM_SETTINGS, WHOLE, four_speakers, known_of

from ser_vae.features.functionals import functionals
from ser_vae.model.handcrafted_svm import HandcraftedSVM
from ser_vae.model.svm import SVM
from ser_vae.run import configure


@pytest.mark.parametrize("name", ["mean_and_deviation", "thirds"])
def test_it_is_an_svm_on_both_joined(name):
    known = known_of(four_speakers(), normalise="speaker", whole=WHOLE)
    over_time = np.stack([functionals(name, frames) for frames in known.frames])
    values = np.hstack([known.whole, known.standardised(over_time)])
    model = HandcraftedSVM(
        input_size=30, num_classes=3, functionals=name, egemaps=EGEMAPS, svm=SVM_SETTINGS
    )
    expected = SVM(**SVM_SETTINGS).probabilities(values, known)
    np.testing.assert_allclose(model.probabilities(known), expected, atol=1e-9)


def test_the_strongest_control_is_a_command():
    config = configure(
        "model=handcrafted_svm", "model.functionals=thirds", "model.svm.tune=true",
        "features=logmel_lld", "normalise=speaker",
    )  # fmt: skip
    assert config["model"]["functionals"] == "thirds"
    assert config["model"]["svm"]["tune"] is True
    assert config["features"]["_target_"].endswith("LogMelLLD")
