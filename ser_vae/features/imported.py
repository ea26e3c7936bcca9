"""Frames that were computed elsewhere: one .npy (T, F) for each utterance.

The frames of an utterance are in `ID.npy`, where ID is the id of the utterance, as the column
`utterance` of predictions.csv has it. If the id ends with the suffix of the audio file, as in
corpus=folder, .npy takes its place: joy/a.wav has joy/a.npy. Nothing here imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError

Frames = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Imported:
    """Reads frames; `frames_path` says where those of an utterance are.

    A model that learned from them predicts from such files, and not from audio.

    Attributes:
        root: folder of the files.
        frame_shift_s: seconds between the starts of two frames, as they were computed.
        columns: F.
        digest: of the files of a run, so that other frames are another front end; not checked.
    """

    root: str
    frame_shift_s: float
    columns: int
    digest: str | None = None

    def path_of(self, utterance: Utterance) -> Path:
        """Return the file of an utterance's frames."""
        return frames_path(self.root, utterance)

    def read(self, path: Path) -> Frames:
        """Read the frames of a file: (T, F); `AudioError` if it does not hold them."""
        frames = load_frames(path)
        if frames.shape[1] != self.columns:
            raise AudioError(path, f"{frames.shape[1]} columns, expected {self.columns}")
        return frames.astype(np.float32)

    def __call__(self, waveform: Frames) -> Frames:
        """Raise, as nothing here can compute the frames of a waveform."""
        raise SerVaeError(
            f"{len(waveform)} samples: frames that were computed elsewhere cannot be computed here."
            "\nGive a .npy file (T, F) for each utterance."
        )

    @property
    def sample_rate(self) -> int:
        """Rate in Hz at which other extractors read the audio; frames do not depend on it."""
        return 16_000

    @property
    def names(self) -> Sequence[str]:
        """Name of each column: "value 0" is the first."""
        return [f"value {column}" for column in range(self.columns)]


def frames_path(root: str, utterance: Utterance) -> Path:
    """Return the file of an utterance's frames."""
    name = utterance.id.removesuffix(utterance.path.suffix)
    return Path(root).expanduser() / f"{name}.npy"


def find_frames(root: str, utterances: Sequence[Utterance]) -> dict[str, Path]:
    """Map the id of each utterance that has a file of frames to this file.

    Raises:
        SerVaeError: none has one.
    """
    files = {utterance.id: frames_path(root, utterance) for utterance in utterances}
    present = {name: path for name, path in files.items() if path.is_file()}
    if not present:
        name, path = next(iter(files.items()))
        raise SerVaeError(
            f"features.root={root}: no frames of any of {len(files)} utterances.\n"
            f"Those of {name} are expected in {path}."
        )
    return present


def count_columns(path: Path) -> int:
    """Read F of a file (T, F), without its values; raises like `load_frames`."""
    return int(_load(path, mmap_mode="r").shape[1])


def load_frames(path: Path) -> npt.NDArray[Any]:
    """Load the frames (T, F) of a file, as they are.

    Raises:
        AudioError: the file is missing, is no .npy of numbers (T, F), or holds NaN or infinite
            ones.
    """
    frames = _load(path)
    unusable = np.flatnonzero(~np.isfinite(frames).all(axis=1))
    if len(unusable):
        raise AudioError(
            path,
            f"NaN or infinite values in {len(unusable)} of {len(frames)} frames, first in "
            f"frame {unusable[0]}",
        )
    return frames


def _load(path: Path, mmap_mode: Literal["r"] | None = None) -> npt.NDArray[Any]:
    try:
        frames: npt.NDArray[Any] = np.load(path, mmap_mode, allow_pickle=False)
    except OSError as error:
        reason = error.strerror or "not as NumPy writes it"
        raise AudioError(path, f"frames cannot be read: {reason}") from error
    except (ValueError, EOFError) as error:
        raise AudioError(path, "not a .npy file of numbers, as frames are expected in") from error
    if frames.ndim != 2 or not len(frames) or frames.dtype.kind not in "fiu":
        raise AudioError(path, f"{frames.dtype} of shape {frames.shape}, expected numbers (T, F)")
    return frames
