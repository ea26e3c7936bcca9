"""`latents.npz`: where each test utterance lies in the latent space, for maps of it."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_vae.evaluation import arrays


@dataclass(frozen=True)
class Latents:
    """Of U test utterances.

    Attributes:
        utterance, speaker, emotion, sex: U words each; empty where the corpus says nothing.
        audio: U paths of audio files, where the run found them.
        mean: (U, Z) the feature, such as mu, averaged over an utterance's segments. A conditional
            encoder was told no label.
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
    """Read what `write` wrote.

    Raises:
        SerVaeError: the file is not of that form.
    """
    file = arrays.read(path)
    if missing := {field.name for field in fields(Latents)} - file.keys():
        raise arrays.unreadable(path, f"it has no {', '.join(sorted(missing))}")
    names = [field.name for field in fields(Latents) if field.name != "mean"]
    try:
        mean = arrays.numbers(file["mean"], 2).astype(np.float32)
        words = {name: arrays.words(file[name]) for name in names}
    except ValueError as error:
        raise arrays.unreadable(path, error) from error
    if {len(column) for column in words.values()} != {len(mean)}:
        raise arrays.unreadable(path, "its columns differ in length")
    return Latents(mean=mean, **words)
