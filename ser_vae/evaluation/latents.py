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
        clip: (U, 2) start and end of the utterance in its file, in s, NaN if it is all of it; None
            if all utterances are whole files.
    """

    utterance: tuple[str, ...]
    speaker: tuple[str, ...]
    emotion: tuple[str, ...]
    sex: tuple[str, ...]
    audio: tuple[str, ...]
    mean: npt.NDArray[np.float32]
    clip: npt.NDArray[np.float64] | None = None

    def clip_of(self, row: int) -> tuple[float, float] | None:
        """Return start and end of an utterance in its file, in s; None if it is the whole file."""
        if self.clip is None or np.isnan(self.clip[row]).any():
            return None
        start, end = self.clip[row].tolist()
        return start, end

    def recordings(self) -> dict[str, tuple[str, tuple[float, float] | None]]:
        """Map each utterance to its file and clip."""
        return {
            utterance: (self.audio[row], self.clip_of(row))
            for row, utterance in enumerate(self.utterance)
        }


def write(path: Path, latents: Latents) -> None:
    values = {field.name: getattr(latents, field.name) for field in fields(Latents)}
    arrays.write(path, {k: np.asarray(value) for k, value in values.items() if value is not None})


def read(path: Path) -> Latents:
    """Read a file that `write` wrote.

    Raises:
        SerVaeError: the file is damaged or has another format.
    """
    file = arrays.read(path)
    names = [field.name for field in fields(Latents) if field.name not in ("mean", "clip")]
    try:
        columns = {name: arrays.strings(file[name]) for name in names}
        clip = file["clip"].reshape(-1, 2).astype(np.float64) if "clip" in file else None
        latents = Latents(mean=file["mean"].astype(np.float32), clip=clip, **columns)
    except (KeyError, ValueError, TypeError) as error:
        raise arrays.unreadable(path, repr(error)) from error
    lengths = {len(column) for column in columns.values()} | (
        {len(clip)} if clip is not None else set()
    )
    if lengths != {len(latents.mean)}:
        raise arrays.unreadable(path, "its columns differ in length")
    return latents
