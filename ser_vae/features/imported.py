"""Frames that were computed elsewhere, one .npy (T, F) for each utterance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError
from ser_vae.features.audio import Samples
from ser_vae.features.frame_files import frames_path, load_frames


@dataclass(frozen=True)
class Imported:
    """Reads frames; `frame_files` says where those of an utterance are.

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

    def read(self, path: Path) -> Samples:
        """Read the frames of a file: (T, F); `AudioError` if it does not hold them."""
        frames = load_frames(path)
        if frames.shape[1] != self.columns:
            raise AudioError(path, f"{frames.shape[1]} columns, expected {self.columns}")
        return frames.astype(np.float32)

    def __call__(self, waveform: Samples) -> Samples:
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
