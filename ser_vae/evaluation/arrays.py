"""A run's arrays as NumPy .npz files, written atomically and read without pickle.

`latents.npz` and `training_latents.npz` hold `Latents`, `illustrations.npz` holds `Illustrations`.
"""

import tokenize
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.files import atomic_write

Frames = npt.NDArray[np.float32]  # natural log of mel power

LISTS = ("input", "reconstruction", "swapped")  # one array per utterance, as T differs
UNREADABLE = (
    *(OSError, EOFError, ValueError, LookupError, MemoryError, RuntimeError, SyntaxError),
    *(TypeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError),
    AttributeError,  # NumPy returns an entry that is no array as bytes
)


@dataclass(frozen=True)
class ArrayFile:
    """The content of an .npz: arrays, tuples of strings, numbers, and lists of arrays."""

    half: ClassVar[bool] = False  # whether float32 is stored in half precision

    def write(self, path: Path) -> None:
        stored: dict[str, Any] = {k: v for k, v in vars(self).items() if v is not None}
        for name in LISTS:
            frames = enumerate(stored.pop(name, ()))
            stored |= {f"{name}/{number}": array for number, array in frames}
        for name, value in stored.items():
            array = np.asarray(value)
            shrink = self.half and array.dtype == np.float32
            stored[name] = array.astype(np.float16) if shrink else array
        with atomic_write(path) as file:
            np.savez_compressed(file, allow_pickle=False, **stored)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` wrote.

        Raises:
            SerVaeError: the file is missing or damaged, contains pickled objects or lacks an array.
        """
        values: dict[str, Any] = {field.name: () for field in fields(cls) if field.name in LISTS}
        try:
            with path.open("rb") as file, np.load(file) as archive:
                for entry, array in archive.items():
                    name, _, number = entry.partition("/")
                    value = _restored(array)
                    values[name] = (*values[name], value) if number else value
            return cls(**values)
        except UNREADABLE as error:
            raise SerVaeError(
                f"{path} can't be read as a file of a run: {error!r}.\n"
                "Repeat the run with force=true."
            ) from error

    @classmethod
    def read_or_none(cls, path: Path) -> Self | None:
        """Read a file; None if it does not exist or is damaged."""
        try:
            return cls.read(path)
        except SerVaeError:
            return None


def _restored(array: npt.NDArray[Any]) -> Any:
    """Return strings as a tuple, a number as such, and an array in single precision at least."""
    if array.dtype.kind == "U":
        return tuple(array.tolist())
    if array.ndim == 0:
        return array.item()
    return array.astype(np.float32) if array.dtype == np.float16 else array


@dataclass(frozen=True)
class Latents(ArrayFile):
    """Mean latents of the U utterances of a set.

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

    def recordings(self) -> dict[str, tuple[str, tuple[float, float] | None]]:
        """Map each utterance to its file, and to its start and end in it, in s, if it is a part."""
        ends = np.full((len(self.utterance), 2), np.nan) if self.clip is None else self.clip
        clips = [None if np.isnan(start) else (start, end) for start, end in ends.tolist()]
        return dict(zip(self.utterance, zip(self.audio, clips, strict=True), strict=True))


@dataclass(frozen=True)
class Illustrations(ArrayFile):
    """E test utterances, one of each emotion, and traversals and samples of the latent space.

    A conditional encoder gets the true label, but none for traversals; no prediction uses these.
    Spectrograms are accurate to 0.01 (natural log).

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

    half: ClassVar[bool] = True
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
