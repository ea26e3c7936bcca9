"""Log-mel frames against two independent implementations, and against physics."""

import math
import os
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from ser_vae import SerVaeError
from ser_vae.features.audio import read
from ser_vae.features.logmel import LogMel, TooShortError

Waveform = npt.NDArray[np.float32]

RATE_HZ = 16_000
CONF = Path(__file__).parents[2] / "conf" / "features" / "logmel.yaml"
AS_CONFIGURED = dict(OmegaConf.load(CONF))
del AS_CONFIGURED["_target_"]
TIME_S = np.arange(RATE_HZ) / RATE_HZ
FEW = settings(max_examples=25, deadline=None)
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


def reference(waveform: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The definition, written out number by number in double precision."""
    samples = waveform.astype(np.float32).astype(np.float64)
    hamming = [0.54 - 0.46 * math.cos(2 * math.pi * n / 400) for n in range(400)]
    starts = range(0, len(samples) - 400 + 1, 160)
    frames = np.array([samples[start : start + 400] * hamming for start in starts])
    power = np.abs(np.fft.fft(frames, 512)[:, :257]) ** 2
    return np.log(power @ reference_filters() + 1e-6)


def reference_filters() -> npt.NDArray[np.float64]:
    top_mel = 2595 * math.log10(1 + 8_000 / 700)
    edges = [700 * (10 ** (k * top_mel / 81 / 2595) - 1) for k in range(82)]
    filters = np.zeros((257, 80))
    for bin_ in range(257):
        hz = bin_ * RATE_HZ / 512
        for band in range(80):
            left, peak, right = edges[band : band + 3]
            if left < hz <= peak:
                filters[bin_, band] = (hz - left) / (peak - left)
            elif peak < hz < right:
                filters[bin_, band] = (right - hz) / (right - peak)
    return filters


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
def test_it_agrees_with_the_definition_written_in_numpy(waveform):
    np.testing.assert_allclose(log_mel(waveform), reference(waveform), rtol=0, atol=5e-6)


@ALL_SIGNALS
@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_it_agrees_with_librosa(waveform, mel_scale):
    ours = log_mel(waveform, mel_scale=mel_scale)
    theirs = by_librosa(waveform, htk=mel_scale == "htk")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-6)


@pytest.mark.skipif("URDU_ROOT" not in os.environ, reason="URDU_ROOT is not set: no real speech")
def test_it_agrees_with_both_on_real_speech():
    files = sorted(Path(os.environ["URDU_ROOT"]).rglob("*.wav"))
    assert files
    for path in files[::40]:
        waveform = read(path, RATE_HZ)
        ours = log_mel(waveform)
        np.testing.assert_allclose(ours, reference(waveform), rtol=0, atol=5e-6)
        np.testing.assert_allclose(ours, by_librosa(waveform, htk=True), rtol=0, atol=5e-6)


@given(samples=st.integers(400, 3_000))
@FEW
def test_a_frame_is_given_wherever_a_whole_window_fits(samples):
    frames = log_mel(NOISE[:samples])
    assert frames.shape == (1 + (samples - 400) // 160, 80)
    assert frames.dtype == np.float32


@pytest.mark.parametrize("samples", [0, 1, 399])
def test_less_than_a_window_is_too_short(samples):
    with pytest.raises(TooShortError, match=f"{samples / RATE_HZ:.3f} s"):
        log_mel(NOISE[:samples])


def test_frames_are_ten_milliseconds_apart():
    later = NOISE[round(0.010 * RATE_HZ) :]
    np.testing.assert_allclose(log_mel(NOISE)[1:], log_mel(later), rtol=0, atol=5e-6)


@given(place=st.integers(0, RATE_HZ - 1))
@FEW
def test_a_click_is_heard_in_the_frames_that_cover_it_and_in_no_other(place):
    frames = log_mel(np.eye(1, RATE_HZ, place)[0])
    heard = np.flatnonzero(frames.max(axis=1) > -10)
    assert list(heard) == [t for t in range(98) if 160 * t <= place < 160 * t + 400]


def test_silence_gives_the_log_of_the_floor():
    np.testing.assert_allclose(log_mel(np.zeros(4_000)), math.log(1e-6), rtol=1e-6)
    np.testing.assert_allclose(log_mel(np.zeros(4_000), floor=1e-3), math.log(1e-3), rtol=1e-6)


def test_ten_times_the_amplitude_adds_ln_100():
    louder = log_mel(NOISE * 10, floor=1e-30) - log_mel(NOISE, floor=1e-30)
    np.testing.assert_allclose(louder, math.log(100), atol=1e-4)


@given(hz=st.floats(500, 7_800))
@FEW
def test_a_tone_is_loudest_in_a_band_that_holds_its_frequency(hz):
    loudest = log_mel(np.sin(2 * np.pi * hz * TIME_S)).mean(axis=0).argmax()
    mels_a_band = 2595 * math.log10(1 + 8_000 / 700) / 81
    position = 2595 * math.log10(1 + hz / 700) / mels_a_band - 1  # band k peaks at k
    assert abs(loudest - position) < 1


def test_bands_begin_and_end_where_they_are_told_to():
    frames = log_mel(np.sin(2 * np.pi * 300 * TIME_S), f_min=2_000.0, mel_bands=20)
    assert frames.shape[1] == 20
    assert frames.max() < log_mel(np.sin(2 * np.pi * 300 * TIME_S)).max() - 4


@given(
    before=st.integers(0, 4_000),
    length=st.integers(800, 4_000),
    after=st.integers(0, 4_000),
    trim_db=st.sampled_from([20.0, 40.0]),
)
@FEW
def test_trimming_keeps_the_frames_between_the_first_and_last_loud_ones(
    before, length, after, trim_db
):
    quiet = 10 ** (-60 / 20)
    gain = np.repeat([quiet, 1, quiet], [before, length, after])
    waveform = (NOISE[: len(gain)] * gain).astype(np.float32)

    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(400) / 400)
    starts = range(0, len(gain) - 399, 160)
    power = np.array([((waveform[s : s + 400] * hamming) ** 2).sum() for s in starts])
    loud = np.flatnonzero(10 * np.log10(power / power.max()) >= -trim_db)

    kept = log_mel(waveform)[loud[0] : loud[-1] + 1]
    np.testing.assert_allclose(log_mel(waveform, trim_db=trim_db), kept, rtol=0, atol=5e-6)


def test_trimming_keeps_a_pause_between_two_words():
    waveform = np.concatenate([NOISE[:4_000], np.zeros(4_000), NOISE[:4_000]])
    np.testing.assert_array_equal(log_mel(waveform, trim_db=40.0), log_mel(waveform))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"fft_size": 256}, "window of 400"),
        ({"floor": 0.0}, "above 0"),
        ({"trim_db": -40.0}, "trim_db"),
        ({"mel_bands": 300}, "empty"),
        ({"sample_rate": 8_000}, "half the sample rate"),
        ({"mel_scale": "bark"}, "htk, slaney"),
    ],
)
def test_settings_that_can_not_work_are_refused_when_given(changed, expected):
    with pytest.raises(SerVaeError, match=expected):
        LogMel(**{**AS_CONFIGURED, **changed})
