"""How the demo corpus acts an emotion: settings of the synthesiser and filters of its output.

The directions are those of P. N. Juslin and P. Laukka, "Communication of emotions in vocal
expression and music performance: different channels, same code?", Psychological Bulletin 129(5),
2003, Table 11:

    anger      fast, loud, much high-frequency energy, F0 high and variable
    happiness  fast, medium to loud, medium high-frequency energy, F0 high and variable
    sadness    slow, soft, little high-frequency energy, F0 low and little variable

So anger and happiness differ little, as in real speech. The sizes, the spread and the noise are our
choice, made so that the classes overlap.
"""

import math
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from ser_vae.corpus import espeak

SAMPLE_RATE_HZ = 16_000

Waveform = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cues:
    """Differences from a neutral sentence."""

    rate: float  # of speech: natural logarithm of the factor
    pitch: float  # on the synthesiser's scale from 0 to 99
    range: float  # of pitch, on the same scale
    level_db: float
    tilt_db: float  # of the spectrum, per octave


ACTED = {
    "neu": Cues(rate=0.00, pitch=0, range=0, level_db=0, tilt_db=0.0),
    "hap": Cues(rate=0.10, pitch=16, range=24, level_db=2, tilt_db=0.3),
    "exc": Cues(rate=0.16, pitch=22, range=32, level_db=4, tilt_db=0.6),
    "sad": Cues(rate=-0.18, pitch=-14, range=-22, level_db=-5, tilt_db=-1.2),
    "ang": Cues(rate=0.12, pitch=10, range=16, level_db=6, tilt_db=1.8),
    # Codes of none of the four classes.
    "fru": Cues(rate=0.00, pitch=4, range=8, level_db=3, tilt_db=0.9),
    "sur": Cues(rate=0.06, pitch=26, range=36, level_db=2, tilt_db=0.3),
    "xxx": Cues(rate=0.00, pitch=4, range=4, level_db=0, tilt_db=0.0),
}
NEUTRAL_RATE = 160  # words per minute
SPREAD = Cues(rate=0.08, pitch=8, range=12, level_db=2.5, tilt_db=0.7)  # standard deviations
STRENGTH = (0.6, 1.4)  # factor by which an emotion is acted, drawn uniformly

LEVEL_DB = -32.0  # root mean square of neutral speech relative to full scale
NOISE_DB = (-60.0, -45.0)  # range of the level of background noise, likewise


def act(emotion: str, generator: np.random.Generator) -> Cues:
    """Draw the cues of one sentence: the emotion's, times a strength, plus Gaussian variation."""
    strength = generator.uniform(*STRENGTH)
    pairs = zip(astuple(ACTED[emotion]), astuple(SPREAD), strict=True)
    return Cues(*(strength * mean + generator.normal(0, std) for mean, std in pairs))


def sentence(text: str, voice: str, cues: Cues, seed: int) -> espeak.Sentence:
    """Apply the cues that the synthesiser controls; `record` applies level and tilt."""
    return espeak.Sentence(
        text=text,
        voice=voice,
        rate=round(NEUTRAL_RATE * math.exp(cues.rate)),
        pitch=round(min(max(50 + cues.pitch, 0), 99)),
        range=round(min(max(50 + cues.range, 0), 99)),
        seed=seed,
    )


def record(samples: bytes, cues: Cues, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """Turn the synthesiser's samples into a recording: apply tilt and level, add noise."""
    wave = tilt(resample(np.frombuffer(samples, dtype="<i2")), cues.tilt_db)
    wave *= 10 ** ((LEVEL_DB + cues.level_db) / 20) / np.sqrt(np.mean(wave**2))
    noise_db = generator.uniform(*NOISE_DB)
    wave += generator.normal(0, 10 ** (noise_db / 20), wave.size)
    return np.clip(np.rint(wave * 32_768), -32_768, 32_767).astype(np.int16)


def resample(speech: npt.NDArray[np.int16]) -> Waveform:
    """Convert from the synthesiser's rate to 16 kHz by cutting off the spectrum above 8 kHz."""
    size = round(speech.size * SAMPLE_RATE_HZ / espeak.SAMPLE_RATE_HZ)
    return np.fft.irfft(np.fft.rfft(speech)[: size // 2 + 1], size) * size / speech.size


def tilt(wave: Waveform, db_per_octave: float) -> Waveform:
    """Tilt the spectrum around 1 kHz; frequencies below 125 Hz get the gain of 125 Hz."""
    frequencies = np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(frequencies, 125) / 1000)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (db_per_octave * octaves / 20), wave.size)
