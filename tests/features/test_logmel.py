"""Log-mel frames against those of librosa, and against physics."""

import math

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_features import AS_CONFIGURED, RATE_HZ

from ser_vae import SerVaeError
from ser_vae.features import TooShortError
from ser_vae.features.frames import trim_quiet_ends
from ser_vae.features.logmel import LogMel

Waveform = npt.NDArray[np.float32]

TIME_S = np.arange(RATE_HZ) / RATE_HZ
NOISE = np.random.default_rng(0).normal(0, 0.1, RATE_HZ)


def log_mel(waveform: npt.NDArray[np.floating], **changed: object) -> Waveform:
    return LogMel(**{**AS_CONFIGURED, **changed})(waveform.astype(np.float32))


def syllables() -> npt.NDArray[np.floating]:
    """A buzz of gliding pitch through two formants, swelling four times a second, over hiss."""
    phase = 2 * np.pi * np.cumsum(120 + 60 * TIME_S) / RATE_HZ
    buzz = sum(
        np.sin(k * phase) * (math.exp(-abs(k - 4) / 2) + 0.3 * math.exp(-abs(k - 16) / 3))
        for k in range(1, 40)
    )
    return 0.2 * buzz * np.sin(4 * np.pi * TIME_S) ** 2 + NOISE / 1_000


SIGNALS = {
    "noise": NOISE,
    "near the floor": NOISE / 1_000,
    "tone": 0.9 * np.sin(2 * np.pi * 440 * TIME_S),
    "chirp": 0.9 * np.sin(2 * np.pi * (20 * TIME_S + 3_990 * TIME_S**2)),
    "click": np.eye(1, RATE_HZ, 8_000)[0],
    "offset": np.full(RATE_HZ, 0.5),
    "syllables": syllables(),
}
ALL_SIGNALS = pytest.mark.parametrize("waveform", SIGNALS.values(), ids=SIGNALS.keys())


def by_librosa(waveform: npt.NDArray[np.floating], htk: bool) -> npt.NDArray[np.float64]:
    samples = waveform.astype(np.float32).astype(np.float64)
    mel = librosa.feature.melspectrogram(
        y=np.pad(samples, 56),  # librosa centres the window of 400 in its 512 samples
        sr=RATE_HZ,
        n_fft=512,
        hop_length=160,
        win_length=400,
        window="hamming",
        center=False,
        n_mels=80,
        htk=htk,
        norm=None,
        dtype=np.float64,
    )
    return np.log(mel + 1e-6).T


@ALL_SIGNALS
@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_frames_agree_with_librosa(waveform, mel_scale):
    ours = log_mel(waveform, mel_scale=mel_scale)
    theirs = by_librosa(waveform, htk=mel_scale == "htk")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-6)


@pytest.mark.parametrize("samples", [0, 1, 399])
def test_less_than_a_window_is_too_short(samples):
    with pytest.raises(TooShortError, match=f"{1000 * samples // RATE_HZ} ms"):
        log_mel(NOISE[:samples])


def test_the_shift_in_seconds_is_that_of_whole_samples():
    assert LogMel(**{**AS_CONFIGURED, "sample_rate": 22_050}).frame_shift_s == 220 / 22_050


def test_silence_gives_the_log_of_the_floor():
    np.testing.assert_allclose(log_mel(np.zeros(4_000)), math.log(1e-6), rtol=1e-6)
    np.testing.assert_allclose(log_mel(np.zeros(4_000), floor=1e-3), math.log(1e-3), rtol=1e-6)


@given(hz=st.floats(500, 7_800))
@settings(max_examples=25)
def test_a_tone_is_loudest_in_the_band_of_its_frequency(hz):
    loudest = log_mel(np.sin(2 * np.pi * hz * TIME_S)).mean(axis=0).argmax()
    mels_a_band = 2595 * math.log10(1 + 8_000 / 700) / 81
    position = 2595 * math.log10(1 + hz / 700) / mels_a_band - 1  # band k peaks at k
    assert abs(loudest - position) < 1


def test_quiet_ends_are_trimmed_but_not_a_pause():
    quiet = np.repeat([1e-3, 1, 1e-3, 1, 1e-3], [3_000, 4_000, 4_000, 2_000, 3_000])
    waveform = (NOISE * quiet).astype(np.float32)
    trimmed = trim_quiet_ends(waveform, 400, 160, 40.0)
    assert 10_000 < len(trimmed) < 11_000
    np.testing.assert_array_equal(log_mel(waveform, trim_db=40.0), log_mel(trimmed))


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"mel_bands": 300}, "empty"), ({"sample_rate": 8_000}, "half the sample rate")],
)
def test_contradictory_settings_are_refused(changed, message):
    with pytest.raises(SerVaeError, match=message):
        LogMel(**{**AS_CONFIGURED, **changed})
