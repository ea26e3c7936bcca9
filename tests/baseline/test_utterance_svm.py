"""The SVM baselines: an SVM on the standardised vectors of utterances, as configured."""

import numpy as np
import pytest
from utterances import EGEMAPS, EMOTIONS, RUNTIME, SVM_SETTINGS, four_speakers

from ser_vae.baseline.svm import SVM, speakers_to_hold_out
from ser_vae.baseline.utterance_svm import UtteranceSVM, UtteranceVectors
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.run import configure
from ser_vae.settings import build

CONFIGURED = {
    "logmel_svm": {"functionals": "mean_and_deviation", "whole": False},
    "egemaps_svm": {"functionals": None, "whole": True},
    "handcrafted_svm": {"functionals": "mean_and_deviation", "whole": True},
}


@pytest.mark.parametrize("normalise", ["train", "speaker"])
@pytest.mark.parametrize("name", CONFIGURED)
def test_it_is_an_svm_on_the_configured_vectors(name, normalise):
    model = configure(f"model={name}")["model"]
    utterances = four_speakers()
    vectors = UtteranceVectors(**CONFIGURED[name]).fit(utterances.data, utterances.part, normalise)
    svm, train = SVM(**model["svm"]), utterances.train
    speakers = speakers_to_hold_out(utterances.data.speakers, utterances.part)
    known = {"emotions": EMOTIONS, "speakers": speakers, "seed": 7}
    svm.fit(vectors[train], utterances.label[train], **known)
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
