"""Frames that were computed elsewhere: a .npy (T, F) for each utterance, or one Parquet file.

The frames of an utterance are in `ID.npy`, where ID is the id of the utterance, as the column
`utterance` of predictions.csv has it. If the id ends with the suffix of the audio file, as in
corpus=folder, .npy takes its place: joy/a.wav has joy/a.npy.

A Parquet file has a row for each utterance, with the columns `utterance`, its id, and `frames`, a
list of T lists of F numbers; other columns and rows are ignored. One row group at a time is in
memory, so a large file needs several:

    table = pd.DataFrame({"utterance": ids, "frames": [list(each) for each in frames]})
    table.to_parquet("frames.parquet", row_group_size=100)

Nothing here imports torch.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pyarrow.parquet import ParquetFile

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError

Frames = npt.NDArray[np.float32]
COLUMNS = ("utterance", "frames")  # of a Parquet file

_reading = threading.Lock()  # several threads that want the same row group read it once


@dataclass(frozen=True)
class Imported:
    """Reads frames that `root` holds for the utterances of a corpus.

    A model that learned from them predicts from .npy files, and not from audio.

    Attributes:
        root: folder of the .npy files, or a Parquet file.
        frame_shift_s: seconds between the starts of two frames, as they were computed.
        columns: F.
        digest: of the files, so that other frames give another run hash; not checked.
        store: precision that frames are rounded to, and kept with in the feature store.
    """

    root: str
    frame_shift_s: float
    columns: int
    digest: str | None = None
    store: Literal["float32", "float16"] = "float32"
    suffixes: ClassVar[tuple[str, ...]] = (".npy",)

    def frames_of(self, utterance: Utterance) -> Frames:
        """Read the frames of an utterance of the corpus; see `read`."""
        return self._load(frames_path(self.root, utterance), utterance.id)

    def read(self, path: Path) -> Frames:
        """Read the frames of a .npy file: (T, F); `AudioError` if it does not hold them."""
        return self._load(path, "frames")

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

    def _load(self, path: Path, name: str) -> Frames:
        with np.errstate(over="ignore"):  # infinite values are reported below
            frames = load_frames(path, name).astype(self.store).astype(np.float32)
        unusable = np.flatnonzero(~np.isfinite(frames).all(axis=1))
        if len(unusable):
            where = f"{len(unusable)} of {len(frames)} frames, first in {unusable[0]}"
            raise AudioError(path, f"{name}: NaN or infinite values, as {self.store}, in {where}")
        if frames.shape[1] != self.columns:
            raise AudioError(path, f"{name}: {frames.shape[1]} columns, expected {self.columns}")
        return frames


def is_parquet(path: Path) -> bool:
    return path.suffix == ".parquet"


def frames_path(root: str, utterance: Utterance) -> Path:
    """Return the file of an utterance's frames."""
    folder = Path(root).expanduser()
    name = utterance.id.removesuffix(utterance.path.suffix)
    return folder if is_parquet(folder) else folder / f"{name}.npy"


def find_frames(root: str, utterances: Sequence[Utterance]) -> dict[str, Path]:
    """Map the id of each utterance that has frames to the file that holds them.

    Raises:
        SerVaeError: none has frames.
    """
    files = {utterance.id: frames_path(root, utterance) for utterance in utterances}
    name, path = next(iter(files.items()))
    if is_parquet(path):
        rows = index_rows(path)
        present = {each: path for each in files if each in rows}
        expected = f"the column utterance, as {name}; it has {next(iter(rows), 'no rows')}"
    else:
        present = {each: file for each, file in files.items() if file.is_file()}
        expected = str(path)
    if not present:
        raise SerVaeError(
            f"features.root={root}: no frames of any of {len(files)} utterances.\n"
            f"Those of {name} are expected in {expected}."
        )
    return present


def load_frames(path: Path, name: str) -> npt.NDArray[Any]:
    """Load the frames (T, F) of the utterance `name` from a .npy or a Parquet file, as they are.

    Raises:
        SerVaeError: as `index_rows` does.
        AudioError: the file is missing, or holds no numbers (T, F) of this utterance.
    """
    try:
        if is_parquet(path):
            frames = np.stack(load_row(path, name).values.to_numpy(zero_copy_only=False))
        else:
            frames = np.asarray(np.load(path, allow_pickle=False))
    except OSError as error:
        raise AudioError(path, f"frames cannot be read: {error.strerror or error}") from error
    except (AttributeError, EOFError, MemoryError, TypeError, ValueError, BadZipFile) as error:
        expected = "numbers (T, F), in a .npy file or as T lists of F numbers in Parquet"
        raise AudioError(path, f"{name}: expected {expected}") from error
    if frames.ndim != 2 or not frames.size or frames.dtype.kind not in "fiu":
        reason = f"{name}: {frames.dtype} of shape {frames.shape}, expected numbers (T, F)"
        raise AudioError(path, reason)
    return frames


def index_rows(path: Path) -> dict[str, tuple[int, int]]:
    """Map the id of each utterance in a Parquet file to its row group and the row in that.

    Raises:
        SerVaeError: the file is missing, is no Parquet file, or lacks a column.
    """
    try:
        return _index_rows(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:  # pyarrow's own are of these classes
        raise SerVaeError(
            f"{path}: expected a Parquet file with the columns {' and '.join(COLUMNS)}: "
            f"{str(error).splitlines()[0]}"
        ) from error


def load_row(path: Path, name: str) -> Any:
    """Load the cell `frames` of an utterance from a Parquet file; `AudioError` if it has no row."""
    with _reading:
        rows = index_rows(path)
        if name not in rows:
            raise AudioError(path, f"no row whose utterance is {name}")
        group, row = rows[name]
        return _read_row_group(path, path.stat().st_mtime_ns, group)[row]


@lru_cache(maxsize=4)
def _index_rows(path: Path, changed_ns: int) -> dict[str, tuple[int, int]]:  # noqa: ARG001  (a key)
    with ParquetFile(path) as file:
        if lacks := set(COLUMNS) - set(file.schema_arrow.names):
            raise ValueError(f"it has no column {sorted(lacks)[0]}")
        groups = [
            file.read_row_group(n, columns=["utterance"])["utterance"].to_pylist()
            for n in range(file.num_row_groups)
        ]
    return {name: (n, row) for n, names in enumerate(groups) for row, name in enumerate(names)}


@lru_cache(maxsize=1)
def _read_row_group(path: Path, changed_ns: int, number: int) -> Any:  # noqa: ARG001  (a key)
    with ParquetFile(path) as file:
        return file.read_row_group(number, columns=["frames"])["frames"]
