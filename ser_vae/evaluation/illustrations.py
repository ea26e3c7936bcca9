"""`illustrations.npz`: log-mel spectrograms that show what a representation has learnt."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation import arrays

Frames = npt.NDArray[np.float32]  # natural log of mel power

LISTS = ("input", "reconstruction", "swapped")  # one array per utterance, as T differs


@dataclass(frozen=True)
class Illustrations:
    """E test utterances, one of each emotion, and traversals and samples of the latent space.

    A conditional encoder is given the true label, as in pretraining; no prediction uses these.

    Attributes:
        emotions: the K classes.
        utterance, emotion: E ids and their labels.
        input: E arrays (T, F).
        reconstruction: E arrays (T, F), decoded from mu.
        swapped: E arrays (K, T, F), decoded with each label; empty unless conditional.
        dimension: (n,) latent dimensions in descending order of KL, or of variance for an AE.
        step: (m,) offsets of the traversal, in standard deviations over test segments.
        traversal: (n, m, length, F) decoded from the mean latent with one dimension changed.
        prior: (K, draws, length, F) decoded from z ~ N(0, I) with each label; (1, …) for a VAE,
            (0, …) for an AE, which has no prior.
        frame_shift_s: seconds between frames.
    """

    emotions: tuple[str, ...]
    utterance: tuple[str, ...]
    emotion: tuple[str, ...]
    input: tuple[Frames, ...]
    reconstruction: tuple[Frames, ...]
    swapped: tuple[Frames, ...]
    dimension: npt.NDArray[np.int64]
    step: npt.NDArray[np.float64]
    traversal: Frames
    prior: Frames
    frame_shift_s: float


def write(path: Path, content: Illustrations) -> None:
    """Write in half precision, which is accurate to 0.01 (natural log)."""
    stored: dict[str, npt.NDArray[Any]] = {
        "emotions": np.asarray(content.emotions),
        "utterance": np.asarray(content.utterance),
        "emotion": np.asarray(content.emotion),
        "dimension": content.dimension,
        "step": content.step,
        "traversal": content.traversal.astype(np.float16),
        "prior": content.prior.astype(np.float16),
        "frame_shift_s": np.asarray(content.frame_shift_s),
    }
    for name in LISTS:
        for number, frames in enumerate(getattr(content, name)):
            stored[f"{name}/{number}"] = frames.astype(np.float16)
    arrays.write(path, stored)


def read(path: Path) -> Illustrations:
    """Read a file that `write` wrote.

    Raises:
        SerVaeError: the file is damaged or has another format.
    """
    file = arrays.read(path)
    try:
        count = len(file["utterance"])
        lists = {
            name: tuple(
                file[f"{name}/{number}"].astype(np.float32)
                for number in range(count)
                if f"{name}/{number}" in file or name != "swapped"
            )
            for name in LISTS
        }
        return Illustrations(
            emotions=arrays.strings(file["emotions"]),
            utterance=arrays.strings(file["utterance"]),
            emotion=arrays.strings(file["emotion"]),
            **lists,
            dimension=file["dimension"],
            step=file["step"],
            traversal=file["traversal"].astype(np.float32),
            prior=file["prior"].astype(np.float32),
            frame_shift_s=float(file["frame_shift_s"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise arrays.unreadable(path, repr(error)) from error
