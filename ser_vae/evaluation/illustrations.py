"""`illustrations.npz`: what a representation makes of speech, as log-mel frames to look at."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation import arrays

Frames = npt.NDArray[np.float32]  # natural log of mel power

LISTS = ("input", "reconstruction", "swapped")  # an array for each utterance, T of its own


@dataclass(frozen=True)
class Illustrations:
    """E test utterances, one of each emotion, and the latent space on its own.

    A conditional model was told the true label where it encodes, as in pretraining: these are
    pictures, and no prediction depends on them.

    Attributes:
        emotions: the K classes.
        utterance, emotion: E names, and what was acted.
        input: E arrays (T, F).
        reconstruction: E arrays (T, F), mu decoded.
        swapped: E arrays (K, T, F), decoded under each label; none unless conditional.
        dimension: (n,) those that say most, the strongest first: by KL; of an AE, by variance.
        step: (m,) how far each was moved, in its standard deviations over test segments.
        traversal: (n, m, length, F) a dimension moved, from the mean latent.
        prior: (K, draws, length, F) decoded from z ~ N(0, I) under each label; (1, …) of a VAE,
            (0, …) of an AE, which has no prior.
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


def write(path: Path, drawn: Illustrations) -> None:
    """In half precision: exact to 0.01 of a natural log."""
    made: dict[str, npt.NDArray[Any]] = {
        "emotions": np.asarray(drawn.emotions),
        "utterance": np.asarray(drawn.utterance),
        "emotion": np.asarray(drawn.emotion),
        "dimension": drawn.dimension,
        "step": drawn.step,
        "traversal": drawn.traversal.astype(np.float16),
        "prior": drawn.prior.astype(np.float16),
        "frame_shift_s": np.asarray(drawn.frame_shift_s),
    }
    for name in LISTS:
        for number, frames in enumerate(getattr(drawn, name)):
            made[f"{name}/{number}"] = frames.astype(np.float16)
    arrays.write(path, made)


def read(path: Path) -> Illustrations:
    """Read what `write` wrote.

    Raises:
        SerVaeError: the file is not of that form.
    """
    try:
        return _illustrations(arrays.read(path))
    except KeyError as error:
        raise arrays.unreadable(path, f"it has no {error.args[0]}") from error
    except ValueError as error:
        raise arrays.unreadable(path, error) from error


def _illustrations(file: arrays.Arrays) -> Illustrations:
    """Raises:
    KeyError, ValueError: an array is missing, or does not fit the others.
    """
    emotions, utterance, emotion = (
        arrays.words(file[name]) for name in ("emotions", "utterance", "emotion")
    )
    dimension, step = (arrays.numbers(file[name], 1) for name in ("dimension", "step"))
    count = len(utterance)

    def frames(name: str, dimensions: int) -> Frames:
        return arrays.numbers(file[name], dimensions).astype(np.float32)

    def each(name: str, many: int, dimensions: int) -> tuple[Frames, ...]:
        return tuple(frames(f"{name}/{n}", dimensions) for n in range(many))

    made = Illustrations(
        emotions=emotions,
        utterance=utterance,
        emotion=emotion,
        input=each("input", count, 2),
        reconstruction=each("reconstruction", count, 2),
        swapped=each("swapped", count if "swapped/0" in file else 0, 3),
        dimension=dimension,
        step=step,
        traversal=frames("traversal", 4),
        prior=frames("prior", 4),
        frame_shift_s=float(arrays.numbers(file["frame_shift_s"], 0)),
    )
    shapes = [own.shape for own in made.input]
    fits = (
        dimension.dtype.kind in "iu",
        len(emotion) == count,
        [own.shape for own in made.reconstruction] == shapes,
        [own.shape for own in made.swapped] in ([], [(len(emotions), *own) for own in shapes]),
        made.traversal.shape[:2] == (len(dimension), len(step)),
        len(made.prior) in (0, 1, len(emotions)),
        all(math.prod(shape) for shape in shapes) and 0 < made.frame_shift_s < math.inf,
    )
    if not all(fits):
        raise ValueError("its arrays do not fit one another")
    return made
