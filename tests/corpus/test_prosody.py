import numpy as np
import pytest

from ser_vae.corpus import espeak, prosody
from ser_vae.corpus.prosody import Cues

NEUTRAL = Cues(rate=0, pitch=0, range=0, level_db=0, tilt_db=0)


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def mean_of(emotion: str) -> Cues:
    generator = np.random.default_rng(0)
    acted = np.array([list(vars(prosody.act(emotion, generator)).values()) for _ in range(2000)])
    return Cues(*acted.mean(axis=0))


@pytest.mark.parametrize(
    ("hz", "gain_db"), [(60, -18), (125, -18), (500, -6), (1000, 0), (4000, 12)]
)
def test_a_tilt_changes_the_level_by_its_db_per_octave(hz, gain_db):
    wave = tone(hz, prosody.SAMPLE_RATE_HZ)
    change = np.std(prosody.tilt(wave, 6)) / np.std(wave)
    assert 20 * np.log10(change) == pytest.approx(gain_db, abs=0.01)


def test_resampling_keeps_a_tone_and_its_length_in_seconds():
    speech = np.rint(10_000 * tone(1000, espeak.SAMPLE_RATE_HZ)).astype(np.int16)
    np.testing.assert_allclose(
        prosody.resample(speech), 10_000 * tone(1000, prosody.SAMPLE_RATE_HZ), atol=2
    )


def test_resampling_removes_frequencies_above_8_khz():
    speech = np.rint(10_000 * tone(9000, espeak.SAMPLE_RATE_HZ)).astype(np.int16)
    assert np.abs(prosody.resample(speech)).max() < 5


@pytest.mark.parametrize("level_db", [-6, 0, 6])
def test_the_level_of_a_recording_does_not_depend_on_the_synthesiser(level_db):
    cues = Cues(rate=0, pitch=0, range=0, level_db=level_db, tilt_db=0)
    for loudness in (500, 20_000):
        speech = np.rint(loudness * tone(440, espeak.SAMPLE_RATE_HZ)).astype("<i2").tobytes()
        recorded = prosody.record(speech, cues, np.random.default_rng(0)) / 32_768
        level = 20 * np.log10(np.std(recorded))
        assert level == pytest.approx(prosody.LEVEL_DB + level_db, abs=0.5)


def test_anger_and_happiness_are_fast_loud_and_high_and_sadness_the_opposite():
    neutral, angry, sad = mean_of("neu"), mean_of("ang"), mean_of("sad")
    for happy in (mean_of("hap"), mean_of("exc")):
        for cue in vars(neutral):
            assert getattr(sad, cue) < getattr(neutral, cue) < getattr(happy, cue)
            assert getattr(neutral, cue) < getattr(angry, cue)
        assert happy.tilt_db < angry.tilt_db
        assert happy.level_db < angry.level_db


def test_settings_stay_within_the_range_of_the_synthesiser():
    far = Cues(rate=0, pitch=500, range=-500, level_db=0, tilt_db=0)
    sentence = prosody.sentence("Text.", "en-us", far, seed=1)
    assert (sentence.rate, sentence.pitch, sentence.range) == (prosody.NEUTRAL_RATE, 99, 0)
