"""Windowed frames and trimming, against loops in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae.features.frames import BLOCK, power_spectrum, trim_quiet_ends

NOISE = np.random.default_rng(0).normal(0, 0.1, 4_000).astype(np.float32)
FEW = settings(max_examples=50, deadline=None)


def in_numpy(waveform: np.ndarray, length: int, shift: int) -> np.ndarray:
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(length) / length)
    starts = range(0, len(waveform) - length + 1, shift)
    return np.array([waveform[start : start + length] * hamming for start in starts])


@pytest.mark.parametrize("frames", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7])
def test_power_is_that_of_each_frame_in_every_block(frames):
    waveform = np.random.default_rng(1).normal(0, 0.1, 40 + 16 * (frames - 1)).astype(np.float32)
    expected = np.abs(np.fft.fft(in_numpy(waveform, 40, 16), 64)[:, :33]) ** 2
    power = power_spectrum(waveform, 40, 16, 64).numpy()
    assert power.dtype == np.float32
    np.testing.assert_allclose(power, expected, rtol=1e-6, atol=1e-12)


@given(
    before=st.integers(0, 500),
    length=st.integers(100, 500),
    after=st.integers(0, 500),
    trim_db=st.sampled_from([0.0, 10.0, 40.0]),
)
@FEW
def test_trimming_keeps_loud_frames_and_those_between(before, length, after, trim_db):
    gain = np.repeat([1e-3, 1, 1e-3], [before, length, after])
    waveform = (NOISE[: len(gain)] * gain).astype(np.float32)
    energy = (in_numpy(waveform, 40, 16) ** 2).sum(axis=1)
    loud = np.flatnonzero(10 * np.log10(energy / energy.max()) >= -trim_db)
    expected = waveform[16 * loud[0] : 16 * loud[-1] + 40]
    np.testing.assert_array_equal(trim_quiet_ends(waveform, 40, 16, trim_db), expected)


@pytest.mark.parametrize(("samples", "trim_db"), [(4_000, None), (399, 40.0)])
def test_nothing_is_trimmed_without_a_limit_or_below_a_frame(samples, trim_db):
    waveform = NOISE[:samples] * np.linspace(0, 1, samples, dtype=np.float32) ** 4
    assert trim_quiet_ends(waveform, 400, 160, trim_db) is waveform
