"""Recordings and the store's entries, for the tests of the feature store."""

from pathlib import Path

import numpy as np
import soundfile
from omegaconf import OmegaConf

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio
from ser_vae.features.logmel import LogMel

RATE_HZ = 16_000
CONF = Path(__file__).parents[1] / "conf" / "features" / "logmel.yaml"
AS_CONFIGURED = dict(OmegaConf.load(CONF))
del AS_CONFIGURED["_target_"]
LOG_MEL = LogMel(**AS_CONFIGURED)


def record(path: Path, seed: int, samples: int = 4_000) -> Utterance:
    noise = np.random.default_rng(seed).normal(0, 0.1, samples)
    soundfile.write(path, noise, RATE_HZ)
    return Utterance(path.stem, path, "neu", "Ses01F")


def recordings(folder: Path, count: int, samples: int = 4_000) -> list[Utterance]:
    return [record(folder / f"u{n:04}.wav", n, samples) for n in range(count)]


def expected(utterance: Utterance, features: LogMel = LOG_MEL):
    return features(audio.read(utterance.path, RATE_HZ))


def packs(store: Path) -> list[Path]:
    return sorted(store.glob("LogMel-*/*.npy"))


def stored(store: Path) -> list[str]:
    """The digest of each entry of every index, one that is twice there twice."""
    indices = store.glob("LogMel-*/*.csv")
    return [line.partition(",")[0] for index in indices for line in index.read_text().splitlines()]
