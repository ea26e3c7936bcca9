"""Every extractor keeps the promises of the protocol."""

import math

import numpy as np
import pytest
from stored_features import AS_CONFIGURED, LOG_MEL, RATE_HZ

from ser_vae.features import TooShortError
from ser_vae.features.egemaps import EGeMAPS
from ser_vae.features.extractor import Invertible
from ser_vae.features.logmel_lld import LogMelLLD

NOISE = np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)
FRAMING = {name: AS_CONFIGURED[name] for name in ("window", "frame_shift", "trim_db")}
EXTRACTORS = {
    "logmel": LOG_MEL,
    "logmel_lld": LogMelLLD(**AS_CONFIGURED),
    "functionals": EGeMAPS(sample_rate=RATE_HZ, level="functionals", **FRAMING),
    "lld": EGeMAPS(sample_rate=RATE_HZ, level="lld", **FRAMING),
}


@pytest.mark.parametrize("extractor", EXTRACTORS.values(), ids=EXTRACTORS.keys())
def test_frames_have_the_promised_shape_and_spacing(extractor):
    frames = extractor(NOISE)
    assert frames.dtype == np.float32
    assert frames.shape[1] == len(extractor.names) == len(set(extractor.names))
    assert extractor.sample_rate == RATE_HZ
    if math.isinf(extractor.frame_shift_s):
        assert len(frames) == 1
    else:
        longer = extractor(np.tile(NOISE, 2))
        assert len(longer) - len(frames) == pytest.approx(1 / extractor.frame_shift_s)
    with pytest.raises(TooShortError):
        extractor(NOISE[:399])


def test_names_of_columns():
    assert LOG_MEL.names[0] == "mel 0"
    with_descriptors = EXTRACTORS["logmel_lld"].names
    assert with_descriptors == [*LOG_MEL.names, *EXTRACTORS["lld"].names, "voiced"]


def test_only_extractors_of_spectrograms_can_be_inverted():
    invertible = [name for name, made in EXTRACTORS.items() if isinstance(made, Invertible)]
    assert invertible == ["logmel", "logmel_lld"]
