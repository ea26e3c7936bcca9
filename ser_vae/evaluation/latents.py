"""`latents.npz`: the mean latent of each test utterance, for maps of the latent space."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation import arrays


@dataclass(frozen=True)
class Latents:
    """Mean latents of U test utterances.

    Attributes:
        utterance, speaker, emotion, sex: U strings each; empty if unknown.
        audio: U paths of the audio files at the time of the run.
        mean: (U, Z) latent, such as mu, averaged over the segments of an utterance. A conditional
            encoder is given no label.
    """

    utterance: tuple[str, ...]
    speaker: tuple[str, ...]
    emotion: tuple[str, ...]
    sex: tuple[str, ...]
    audio: tuple[str, ...]
    mean: npt.NDArray[np.float32]


def write(path: Path, latents: Latents) -> None:
    arrays.write(path, {f.name: np.asarray(getattr(latents, f.name)) for f in fields(Latents)})


def read(path: Path) -> Latents:
    """Read a file that `write` wrote.

    Raises:
        SerVaeError: the file is damaged or has another format.
    """
    file = arrays.read(path)
    names = [field.name for field in fields(Latents) if field.name != "mean"]
    try:
        columns = {name: arrays.strings(file[name]) for name in names}
        latents = Latents(mean=file["mean"].astype(np.float32), **columns)
    except (KeyError, ValueError, TypeError) as error:
        raise arrays.unreadable(path, repr(error)) from error
    if {len(column) for column in columns.values()} != {len(latents.mean)}:
        raise arrays.unreadable(path, "its columns differ in length")
    return latents
