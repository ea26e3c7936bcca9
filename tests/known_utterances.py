"""Small materials, and what a recogniser of whole utterances may know of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.material import Material
from ser_vae.data.segment import cut
from ser_vae.data.statistics import Statistics, statistics
from ser_vae.features.normalise import Policy, Scale

EMOTIONS = ("sad", "angry", "happy")  # not in the order of the alphabet
FRAMES = 20

SVM_SETTINGS = {
    "kernel": "linear",
    "C": 0.1,
    "class_weight": "balanced",
    "folds": 3,
    "tune": False,
    "grid": {"kernel": ["linear", "rbf"], "C": [0.01, 1.0], "class_weight": [None, "balanced"]},
}


EGEMAPS = {
    "_target_": "ser_vae.features.egemaps.EGeMAPS",
    "level": "functionals",
    "sample_rate": 16_000,
    "window": 0.025,
    "frame_shift": 0.010,
    "trim_db": None,
}
WHOLE = np.random.default_rng(2).normal(0, 3, (48, 88))


def material_of(
    label: Sequence[int],
    parts: Sequence[str],
    speakers: Sequence[str],
    *,
    values: np.ndarray | None = None,
) -> Material:
    """Utterances of 20 frames around the row of `values` (U, F), by default around their label."""
    rng = np.random.default_rng(0)
    if values is None:
        values = np.eye(len(EMOTIONS))[list(label)]
    frames = [rng.normal(row, 0.3, (FRAMES, len(row))).astype(np.float32) for row in values]
    utterances = [
        Utterance(f"u{number:03}", Path("unread.wav"), EMOTIONS[k], speaker)
        for number, (k, speaker) in enumerate(zip(label, speakers, strict=True))
    ]
    segments = cut(frames, length=10, hop=10, remainder="drop")
    digests = [utterance.id for utterance in utterances]
    scales = [Scale(torch.zeros(()), torch.ones(())) for _ in utterances]
    truth = torch.tensor(list(label))
    return Material(utterances, digests, segments, truth, list(parts), EMOTIONS, 1, scales)


def four_speakers(utterances: int = 48, *, seed: int = 0) -> Material:
    """Three emotions by four speakers; the last speaker is the test part."""
    rng = np.random.default_rng(seed)
    label = [number % 3 for number in range(utterances)]
    speakers = [f"s{number % 4}" for number in range(utterances)]
    parts = ["test" if speaker == "s3" else "train" for speaker in speakers]
    values = np.eye(3)[label] + rng.normal(0, 0.3, (utterances, 3))
    return material_of(label, parts, speakers, values=values)


def known_of(
    material: Material, *, normalise: Policy = "train", whole: np.ndarray | None = None
) -> Statistics:
    return statistics(material, normalise=normalise, seed=7, whole=whole)
