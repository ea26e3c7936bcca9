"""How the demo corpus acts an emotion: cues given to the synthesiser, and to its sound afterwards.

The directions are those of P. N. Juslin and P. Laukka, "Communication of emotions in vocal
expression and music performance: different channels, same code?", Psychological Bulletin 129(5),
2003, Table 11:

    anger      fast, loud, much high-frequency energy, F0 high and variable
    happiness  fast, medium to loud, medium high-frequency energy, F0 high and variable
    sadness    slow, soft, little high-frequency energy, F0 low and little variable

So anger and happiness are told apart by little, as they are in real speech. The sizes are ours,
set with the spread and the noise for classes that overlap.
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
    """Distances from a neutral sentence."""

    rate: float  # of speech, natural logarithm of the factor
    pitch: float  # points of the synthesiser's 0 to 99
    range: float  # of pitch, the same points
    level_db: float
    tilt_db: float  # of the spectrum, an octave


ACTED = {
    "neu": Cues(rate=0.00, pitch=0, range=0, level_db=0, tilt_db=0.0),
    "hap": Cues(rate=0.10, pitch=16, range=24, level_db=2, tilt_db=0.3),
    "exc": Cues(rate=0.16, pitch=22, range=32, level_db=4, tilt_db=0.6),
    "sad": Cues(rate=-0.18, pitch=-14, range=-22, level_db=-5, tilt_db=-1.2),
    "ang": Cues(rate=0.12, pitch=10, range=16, level_db=6, tilt_db=1.8),
    # Of none of the classes, to be left out by whoever reads the labels.
    "fru": Cues(rate=0.00, pitch=4, range=8, level_db=3, tilt_db=0.9),
    "sur": Cues(rate=0.06, pitch=26, range=36, level_db=2, tilt_db=0.3),
    "xxx": Cues(rate=0.00, pitch=4, range=4, level_db=0, tilt_db=0.0),
}
NEUTRAL_RATE = 160  # words a minute
SPREAD = Cues(rate=0.08, pitch=8, range=12, level_db=2.5, tilt_db=0.7)  # sd, whatever the emotion
STRENGTH = (0.6, 1.4)  # from how weakly to how strongly an emotion is acted

LEVEL_DB = -32.0  # root mean square of neutral speech against full scale
NOISE_DB = (-60.0, -45.0)  # the same, of a room from quiet to not quiet


def act(emotion: str, generator: np.random.Generator) -> Cues:
    """One sentence's cues: the emotion's, times a strength, plus what differs by chance."""
    strength = generator.uniform(*STRENGTH)
    distances, spreads = astuple(ACTED[emotion]), astuple(SPREAD)
    return Cues(
        *(strength * d + generator.normal(0, sd) for d, sd in zip(distances, spreads, strict=True))
    )


def sentence(text: str, voice: str, cues: Cues, seed: int) -> espeak.Sentence:
    """What the synthesiser can act by itself; level and tilt come after it, in `record`."""
    return espeak.Sentence(
        text=text,
        voice=voice,
        rate=round(NEUTRAL_RATE * math.exp(cues.rate)),
        pitch=round(min(max(50 + cues.pitch, 0), 99)),
        range=round(min(max(50 + cues.range, 0), 99)),
        seed=seed,
    )


def record(samples: bytes, cues: Cues, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """The synthesiser's samples as recorded: tilted, at their level, with the room's noise."""
    wave = tilt(resample(np.frombuffer(samples, dtype="<i2")), cues.tilt_db)
    wave *= 10 ** ((LEVEL_DB + cues.level_db) / 20) / np.sqrt(np.mean(wave**2))
    noise_db = generator.uniform(*NOISE_DB)
    wave += generator.normal(0, 10 ** (noise_db / 20), wave.size)
    return np.clip(np.rint(wave * 32_768), -32_768, 32_767).astype(np.int16)


def resample(spoken: npt.NDArray[np.int16]) -> Waveform:
    """From the synthesiser's rate to 16 kHz, by cutting the spectrum there."""
    size = round(spoken.size * SAMPLE_RATE_HZ / espeak.SAMPLE_RATE_HZ)
    return np.fft.irfft(np.fft.rfft(spoken)[: size // 2 + 1], size) * size / spoken.size


def tilt(wave: Waveform, db_per_octave: float) -> Waveform:
    """Turn the spectrum about 1 kHz, from 125 Hz on; what lies below is moved as 125 Hz is."""
    frequencies = np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(frequencies, 125) / 1000)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (db_per_octave * octaves / 20), wave.size)
