"""Recordings, and what a feature store made of them."""

import json
from pathlib import Path

import numpy as np
import soundfile
from omegaconf import OmegaConf

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import audio
from ser_vae.features.extractor import Extractor, extraction_threads
from ser_vae.features.logmel import LogMel

RATE_HZ = 16_000
CONF = Path(__file__).parents[1] / "conf" / "features" / "logmel.yaml"
AS_CONFIGURED = dict(OmegaConf.load(CONF))
del AS_CONFIGURED["_target_"]
LOG_MEL = LogMel(**AS_CONFIGURED)


def record(path: Path, seed: int, samples: int = 4_000) -> Utterance:
    """Write noise of 4,000 samples, which gives 23 frames."""
    noise = np.random.default_rng(seed).normal(0, 0.1, samples)
    soundfile.write(path, noise, RATE_HZ)
    return Utterance(path.stem, path, "neu", "Ses01F")


def recordings(folder: Path, count: int, samples: int = 4_000) -> list[Utterance]:
    return [record(folder / f"u{n:04}.wav", n, samples) for n in range(count)]


def expected(utterance: Utterance, extractor: Extractor = LOG_MEL) -> np.ndarray:
    with extraction_threads(1):  # the last bits depend on the number of threads
        return extractor(audio.read(utterance.path, RATE_HZ))


def packs(store: Path) -> list[Path]:
    return sorted(store.glob("*/*.pack"))


def stored_digests(store: Path) -> list[str]:
    """Digests in the indices of all packs; one that is stored twice is listed twice."""
    lines = [pack.read_bytes().partition(b"\n")[0] for pack in packs(store)]
    return [digest for line in lines for digest in json.loads(line)]
