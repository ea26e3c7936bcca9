"""Inverting log-mel frames: physics, and what the extractor makes of the result."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser_vae.configuration import build
from ser_vae.features.audio import Samples
from ser_vae.features.griffin_lim import to_waveform
from ser_vae.features.logmel import LogMel
from ser_vae.run import configure

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def extractor() -> LogMel:
    made = build(configure()["features"])
    assert isinstance(made, LogMel)
    return made


def tone(frequency_hz: float, amplitude: float = 0.3, duration_s: float = 1.0) -> Samples:
    time = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time)).astype(np.float32)


def bursts(seed: int = 0) -> Samples:
    """Noise that swells four times a second over a buzz with formants: an utterance of a kind."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(1.2 * RATE_HZ)) / RATE_HZ
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)
    partials = np.arange(1, 30)
    heights = np.exp(-(((partials * 150 - 700) / 900) ** 2))
    buzz = (heights[:, None] * np.sin(2 * np.pi * 150 * partials[:, None] * time)).sum(axis=0)
    return (0.02 * swell * (buzz + rng.standard_normal(len(time)))).astype(np.float32)


def loudest_hz(waveform: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform))))
    return float(spectrum.argmax() * RATE_HZ / len(waveform))


@pytest.mark.parametrize("frequency_hz", [440.0, 1800.0])
def test_a_tone_keeps_its_frequency_within_a_mel_band(
    extractor: LogMel, frequency_hz: float
) -> None:
    found = to_waveform(extractor(tone(frequency_hz)), extractor, seed=0)
    # 80 bands up to 2840 mel: one is 35 mel wide, 40 Hz at 440 Hz and 88 Hz at 1800 Hz
    assert loudest_hz(found) == pytest.approx(
        frequency_hz, abs=0.5 * 35 * (700 + frequency_hz) / 1127
    )


def test_a_tone_keeps_its_loudness(extractor: LogMel) -> None:
    given = tone(440.0)
    found = to_waveform(extractor(given), extractor, seed=0)
    inside = slice(2000, -2000)
    assert np.std(found[inside]) == pytest.approx(np.std(given[inside]), rel=0.15)


def test_the_log_mel_of_the_result_is_near_the_given_one(extractor: LogMel) -> None:
    given = extractor(bursts())
    error = extractor(to_waveform(given, extractor, seed=0)) - given
    assert np.abs(error).mean() < 0.15
    assert abs(error.mean()) < 0.05  # neither louder nor quieter


@pytest.mark.parametrize("frames", [1, 2, 10, 57])
def test_as_long_as_the_windows_reach(extractor: LogMel, frames: int) -> None:
    given = extractor(bursts())[:frames]
    found = to_waveform(given, extractor, seed=0)
    assert len(found) == (frames - 1) * 160 + 400
    assert found.dtype == np.float32
    assert len(extractor(found)) == frames


def test_events_stay_where_they_were(extractor: LogMel) -> None:
    click = np.zeros(RATE_HZ, dtype=np.float32)
    click[7000:7160] = 0.5 * np.hanning(160) * np.random.default_rng(0).standard_normal(160)
    found = to_waveform(extractor(click), extractor, seed=0)
    centre = (np.arange(len(found)) * found**2).sum() / (found**2).sum()
    assert centre == pytest.approx(7080, abs=80)  # 5 ms, half a frame shift


def test_silence_stays_silent(extractor: LogMel) -> None:
    silence = np.full((20, 80), np.log(extractor.floor), dtype=np.float32)
    assert np.abs(to_waveform(silence, extractor, seed=0)).max() < 1e-4


def test_louder_frames_give_the_same_sound_louder(extractor: LogMel) -> None:
    """Beyond full scale too; but for the floor, which is not raised with them."""
    given = extractor(bursts())
    quiet, loud = (to_waveform(own, extractor, seed=0) for own in (given, given + np.log(1e4)))
    assert np.abs(loud).max() > 1
    assert np.std(loud) / np.std(quiet) == pytest.approx(100, rel=0.01)
    assert np.corrcoef(loud, quiet)[0, 1] > 0.99


def test_the_same_seed_gives_the_same_bytes_and_another_other_phases(extractor: LogMel) -> None:
    given = extractor(bursts())
    first, again, other = (to_waveform(given, extractor, seed=seed) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_the_generator_of_all_is_left_alone(extractor: LogMel) -> None:
    before = torch.random.get_rng_state()
    to_waveform(extractor(bursts()), extractor, seed=0)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "settings", [{"mel_scale": "slaney"}, {"fft_size": 1024, "mel_bands": 40}, {"f_max": 4000.0}]
)
def test_other_settings_of_the_extractor_are_inverted_too(
    extractor: LogMel, settings: dict[str, object]
) -> None:
    own = replace(extractor, **settings)
    given = own(bursts())
    assert np.abs(own(to_waveform(given, own, seed=0)) - given).mean() < 0.2
