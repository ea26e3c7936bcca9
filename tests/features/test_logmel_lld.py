"""Log-mel frames with descriptors: both describe the same stretch of time."""

import numpy as np
import pytest
from deployed import recogniser
from stored_features import AS_CONFIGURED, RATE_HZ

from ser_vae.features.egemaps import EGeMAPS
from ser_vae.features.logmel import LogMel
from ser_vae.features.logmel_lld import LogMelLLD

LLD = EGeMAPS(sample_rate=RATE_HZ, level="lld", window=0.025, frame_shift=0.010, trim_db=None)
NAMES = LLD.names
NOISE = np.random.default_rng(0).normal(0, 1e-3, RATE_HZ)
TIME_S = np.arange(RATE_HZ) / RATE_HZ
BUZZ = 0.2 * sum(np.sin(2 * np.pi * k * 150 * TIME_S) / k for k in range(1, 20))


def frames_of(waveform: np.ndarray, **changed: object) -> np.ndarray:
    return LogMelLLD(**{**AS_CONFIGURED, **changed})(waveform.astype(np.float32))


def column(frames: np.ndarray, name: str) -> np.ndarray:
    return frames[:, 80 + NAMES.index(name)]


@pytest.mark.parametrize("trim_db", [None, 40.0])
def test_the_first_columns_are_the_log_mel_frames(trim_db):
    waveform = (BUZZ * np.repeat([0, 1, 0], [3_000, 9_000, 4_000]) + NOISE).astype(np.float32)
    log_mel = LogMel(**{**AS_CONFIGURED, "trim_db": trim_db})(waveform)
    frames = frames_of(waveform, trim_db=trim_db)
    assert frames.shape == (len(log_mel), 80 + 25 + 1)
    assert frames.dtype == np.float32
    np.testing.assert_array_equal(frames[:, :80], log_mel)


@pytest.mark.parametrize("place", range(4_000, 12_000, 1_237))
def test_a_burst_is_loud_in_the_same_frames_of_both(place):
    """The centres of energy, by log-mel and by openSMILE, differ by at most half a frame."""
    waveform = NOISE.copy()
    waveform[place : place + 160] += np.random.default_rng(1).normal(0, 0.3, 160)
    frames = frames_of(waveform)
    power = np.exp(frames[:, :80]).sum(axis=1)
    loudness = column(frames, "Loudness_sma3")
    loudness = np.clip(loudness - np.median(loudness) * 2, 0, None)
    centres = [(values * np.arange(98)).sum() / values.sum() for values in (power, loudness)]
    assert centres[0] == pytest.approx(centres[1], abs=0.5)


def test_voicing_begins_and_ends_with_the_energy():
    """Pitch is estimated in windows of 60 ms: without alignment it would be 2 frames early."""
    waveform = NOISE / 10
    waveform[4_800:11_200] += BUZZ[4_800:11_200]
    frames = frames_of(waveform)
    voiced = np.flatnonzero(frames[:, -1])
    loud = np.flatnonzero(np.exp(frames[:, :80]).sum(axis=1) > 1)
    assert voiced[0] == pytest.approx(loud[0], abs=2)
    assert voiced[-1] == pytest.approx(loud[-1], abs=2)
    middle = (voiced[0] + voiced[-1]) / 2
    assert middle == pytest.approx((loud[0] + loud[-1]) / 2, abs=0.6)


def test_the_last_column_marks_frames_with_a_pitch():
    frames = frames_of(np.concatenate([BUZZ[:8_000], NOISE[:8_000]]))
    pitch = column(frames, "F0semitoneFrom27.5Hz_sma3nz")
    assert set(frames[:, -1]) == {0.0, 1.0}
    np.testing.assert_array_equal(frames[:, -1] == 1, pitch > 0)
    for name in ("jitterLocal_sma3nz", "shimmerLocaldB_sma3nz", "logRelF0-H1-H2_sma3nz"):
        assert (column(frames, name)[frames[:, -1] == 0] == 0).all()


def test_descriptors_that_need_a_pitch_are_those_of_two_rows_before():
    waveform = (BUZZ + NOISE).astype(np.float32)
    rows, frames = LLD(waveform), frames_of(waveform)
    pitched = {10, 11, 12, 13, 14, 15, 18, 21, 24}
    for number in range(25):
        delay = 2 if number in pitched else 0
        expected = rows[[min(max(t - delay, 0), len(rows) - 1) for t in range(98)], number]
        np.testing.assert_array_equal(frames[:, 80 + number], expected, err_msg=NAMES[number])


@pytest.mark.parametrize("samples", range(960, 2_000, 40))
def test_every_frame_of_a_short_utterance_has_descriptors(samples):
    frames = frames_of(BUZZ[:samples])
    assert frames.shape == (1 + (samples - 400) // 160, 106)
    assert np.isfinite(frames).all()


def test_a_saved_model_computes_the_frames_of_training():
    speech = BUZZ[:-70].astype(np.float32)  # openSMILE reads samples that no log-mel frame has
    known = recogniser([speech], "model=ae", "features=logmel_lld")
    np.testing.assert_array_equal(known.frames(speech, RATE_HZ), known.extractor(speech))
