"""A trained model -> log-mel frames to look at and listen to, each under a name.

A conditional model is told the true label where it encodes, as in pretraining.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.data.material import Material
from ser_vae.pipeline.illustrate import Pictures, typical
from ser_vae.training.decode import drawn, moved

Frames = npt.NDArray[np.float32]  # (T, F), natural log of mel power

MOVED = (-2.0, 2.0)  # standard deviations over test segments
PRIOR_SEGMENTS = 20  # of a sample: 2 s of segments of 100 ms
NAMED = 5  # ids that are like an unknown one


@dataclass(frozen=True)
class Sound:
    """One thing to hear; `name` is short, for a file, and `said` says it in words."""

    name: str
    said: str
    frames: Frames


def places(material: Material, wanted: Sequence[str]) -> list[int]:
    """Where utterances stand in the material; none wanted: one of each emotion of the test part.

    Raises:
        SerVaeError: there is no such utterance.
    """
    if not wanted:
        return typical(material)
    ids = [utterance.id for utterance in material.utterances]
    for name in wanted:
        if name not in ids:
            near = get_close_matches(name, ids, NAMED, 0.0)
            raise SerVaeError(
                f"--utterance {name}: the run has no such utterance.\n"
                f"It has {len(ids):,}, such as: {', '.join(near)}."
            )
    return [ids.index(name) for name in wanted]


def of_utterance(
    pictures: Pictures, index: int, strongest: Sequence[tuple[int, float]]
) -> list[Sound]:
    """The input first, then all that the model makes of it.

    `strongest` are dimensions to move, each with the standard deviation that is a step of it.
    """
    told = label_of(pictures, index)
    return [
        Sound("input", "what the model is given", pictures.input(index)),
        Sound("reconstruction", "encoded and decoded", pictures.decoded(index, told, told)),
        *(sound for d, sd in strongest for sound in shifted(pictures, index, told, d, sd)),
        *(swapped(pictures, index, told) if pictures.model.conditional else ()),
    ]


def shifted(
    pictures: Pictures, index: int, told: Tensor, dimension: int, deviation: float
) -> Iterator[Sound]:
    """One latent dimension moved in all segments of the utterance."""
    x = pictures.segments(index)
    with torch.no_grad():
        z = pictures.model.feature(x, told.expand(len(x), -1), sample=False)
    by = torch.tensor(MOVED, device=z.device) * deviation
    for size, rows in zip(MOVED, moved(pictures.model, z, told, dimension, by), strict=True):
        sign = "plus" if size > 0 else "minus"
        yield Sound(
            f"z{dimension}-{sign}",
            f"dimension {dimension} moved by {size:+g} sd in every segment".replace("-", "−"),
            pictures.frames(index, rows),
        )


def swapped(pictures: Pictures, index: int, told: Tensor) -> Iterator[Sound]:
    """Decoded under every label but its own."""
    for emotion, label in zip(pictures.material.emotions, pictures.labels, strict=True):
        if not torch.equal(label, told):
            frames = pictures.decoded(index, told, label)
            yield Sound(f"as-{emotion}", f"decoded under the label {emotion}", frames)


def prior(pictures: Pictures, seed: int) -> Iterator[Sound]:
    """Segments from z ~ N(0, I) one behind the other, the same z under each label.

    None of an AE, which has no prior.
    """
    if not hasattr(pictures.model, "posterior"):
        return
    named = list(zip(pictures.material.emotions, pictures.labels, strict=True))
    for emotion, label in named if pictures.model.conditional else [("", pictures.labels[0])]:
        generator = torch.Generator().manual_seed(seed)
        segments = pictures.alone(drawn(pictures.model, PRIOR_SEGMENTS, label, generator))
        under = f" under the label {emotion}" if emotion else ""
        yield Sound(
            emotion or "segments",
            f"{PRIOR_SEGMENTS} segments drawn from the prior{under}",
            segments.reshape(-1, segments.shape[-1]),
        )


def strongest(pictures: Pictures, count: int) -> list[tuple[int, float]]:
    """The dimensions that say most, each with its standard deviation over test segments."""
    dimensions, z = pictures.strongest(count)
    return [(d, float(z[:, d].std())) for d in dimensions]


def label_of(pictures: Pictures, index: int) -> Tensor:
    """What the encoder is told: the true label (K,), or all alike where there is none."""
    label = int(pictures.material.label[index])
    if label < 0:
        return torch.full_like(pictures.labels[0], 1 / len(pictures.labels))
    return pictures.labels[label]
