"""`illustrations.npz`: what a representation makes of speech, as log-mel frames to look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation import arrays

Frames = npt.NDArray[np.float32]  # natural log of mel power

LISTS = ("input", "reconstruction", "swapped")  # an array per utterance; T differs


@dataclass(frozen=True)
class Illustrations:
    """E test utterances, one of each emotion, and the latent space itself.

    A conditional encoder got the true label, as in pretraining: these are pictures, and no
    prediction depends on them.

    Attributes:
        emotions: the K classes.
        utterance, emotion: E ids, and the label of each.
        input: E arrays (T, F).
        reconstruction: E arrays (T, F), decoded from mu.
        swapped: E arrays (K, T, F), decoded under each label; none unless conditional.
        dimension: (n,) the most informative ones first: by KL; of an AE, by variance.
        step: (m,) how far each was moved, in standard deviations over test segments.
        traversal: (n, m, length, F) one dimension moved, from the mean latent.
        prior: (K, draws, length, F) decoded from z ~ N(0, I) under each label; (1, …) for a VAE,
            (0, …) for an AE, which has no prior.
        frame_shift_s: between frames.
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
    """Write in half precision: exact to 0.01 of a natural log."""
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
    """Read what `write` wrote.

    Raises:
        SerVaeError: the file is damaged or has another form.
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
