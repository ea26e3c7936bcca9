"""eGeMAPS: the values of openSMILE itself, physics, and difficult signals."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import opensmile
import pytest

from ser_vae.features import TooShortError
from ser_vae.features.egemaps import EGeMAPS

RATE_HZ = 16_000
NOISE = np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)
SETTINGS = {"sample_rate": RATE_HZ, "window": 0.025, "frame_shift": 0.010, "trim_db": None}
FUNCTIONALS = EGeMAPS(level="functionals", **SETTINGS)
LLD = EGeMAPS(level="lld", **SETTINGS)
BOTH = pytest.mark.parametrize("extractor", [FUNCTIONALS, LLD], ids=["functionals", "lld"])


def buzz(hz: float, seconds: float = 1.0) -> np.ndarray:
    """A voice: harmonics of `hz` that fall with the frequency."""
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    parts = [np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 20)]
    return (0.2 * sum(parts)).astype(np.float32)


def test_the_values_are_those_of_opensmile():
    levels = opensmile.FeatureLevel.Functionals, opensmile.FeatureLevel.LowLevelDescriptors
    for extractor, level in zip((FUNCTIONALS, LLD), levels, strict=True):
        smile = opensmile.Smile(opensmile.FeatureSet.eGeMAPSv02, level)
        values = smile.process_signal(NOISE, RATE_HZ).to_numpy()
        np.testing.assert_array_equal(extractor(NOISE), values)


SIGNALS = {
    "zeros": np.zeros(RATE_HZ),
    "offset": np.full(RATE_HZ, 0.5),
    "click": np.eye(1, RATE_HZ, 8_000)[0],
    "square": np.sign(buzz(100)),
    "constant": np.ones(RATE_HZ),
    "faint": NOISE * 1e-5,
    "shortest": NOISE[:960],
}


@BOTH
@pytest.mark.parametrize("waveform", SIGNALS.values(), ids=SIGNALS.keys())
def test_no_signal_gives_nan(extractor, waveform):
    assert np.isfinite(extractor(waveform.astype(np.float32))).all()


@BOTH
@pytest.mark.parametrize("samples", [0, 1, 399, 959])
def test_less_than_a_pitch_window_is_too_short(extractor, samples):
    with pytest.raises(TooShortError, match=rf"{1000 * samples // RATE_HZ} ms, .* 60 ms"):
        extractor(NOISE[:samples])


@pytest.mark.parametrize("gain", [1.0, 1.3, 32_768.0])
def test_a_peak_of_one_or_more_is_scaled_and_does_not_wrap_around(gain):
    """OpenSMILE converts to 16 bits: 1.0 would become -1.0, and a voice noise."""
    voice = buzz(150) / np.abs(buzz(150)).max()
    almost = voice * np.float32(0.999)
    np.testing.assert_allclose(LLD(voice * np.float32(gain))[:, 10], LLD(almost)[:, 10], atol=1e-3)


@BOTH
def test_threads_do_not_change_the_values(extractor):
    """The extractor is new, so that the threads also initialise openSMILE."""
    waveforms = [NOISE[: 2_000 + 500 * n] for n in range(24)]
    alone = [extractor(waveform) for waveform in waveforms]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(EGeMAPS(level=extractor.level, **SETTINGS), waveforms))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
