"""`latents.npz`: where each test utterance lies in the latent space, for maps of it."""

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.files import atomic_write


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
    arrays = {field.name: np.asarray(getattr(latents, field.name)) for field in fields(Latents)}
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Latents:
    """Read what `write` wrote.

    Raises:
        SerVaeError: the file is not of that form.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            mean = file["mean"].astype(np.float32)
            words = {f.name: tuple(map(str, file[f.name])) for f in fields(Latents)[:-1]}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise SerVaeError(unreadable(path, error)) from error
    if mean.ndim != 2 or {len(column) for column in words.values()} != {len(mean)}:
        raise SerVaeError(unreadable(path, "its columns differ in length"))
    return Latents(mean=mean, **words)


def unreadable(path: Path, reason: object) -> str:
    return f"{path} is not as a run writes it: {reason}.\nRun that command again with force=true."
