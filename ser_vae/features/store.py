"""Frames of every utterance on disk, computed once for a file's content and the settings.

    <folder>/digests/                               which content a file had, see `digest`
    <folder>/<extractor>-<settings>/<content>.npy   frames (T, F) float32, then their CRC-32

The extractor is `LogMel` or another: a class, and the settings with which it was made.

A changed file or setting never meets an old entry, and a copy of the corpus elsewhere finds those
of the first. An entry appears whole or not at all and is the same whoever writes it, so that
several processes may work on one folder, and any of them be killed at any moment.
"""

import hashlib
import io
import json
import logging
import math
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, overload

import numpy as np
import torch
from rich.progress import track

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError, audio
from ser_vae.features.audio import Samples
from ser_vae.features.digest import Digests, usable
from ser_vae.features.logmel import TooShortError
from ser_vae.files import atomic_write
from ser_vae.terminal import stderr

DEFINITION = 1  # one more whenever a file under the same settings would give another entry
CRC_BYTES = 4

_log = logging.getLogger(__name__)


class Extractor(Protocol):
    """A frozen dataclass of settings, called with a waveform (N,), in threads: (T, F) float32."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def sample_rate(self) -> int:
        """In Hz, of the waveform that it expects."""

    def __call__(self, waveform: Samples, /) -> Samples:
        """Raise `TooShortError` where the waveform gives no frame."""


class FeatureStore:
    """The frames of utterances, kept under `folder`; `jobs` threads compute what is missing."""

    def __init__(self, folder: Path, features: Extractor, jobs: int) -> None:
        self._features = features
        self._jobs = jobs
        self._digests = Digests(folder / "digests")
        self._folder = folder / f"{type(features).__name__}-{_fingerprint(features)}"
        self._verified: set[str] = set()  # digests whose entry was checked in this process
        with usable(self._folder):
            self._folder.mkdir(exist_ok=True)

    def compute(self, utterances: Sequence[Utterance]) -> dict[str, str]:
        """Make an entry for every utterance; return id → reason for those that can't have one.

        Raises:
            StoreError: the folder can't be written. The entries made until then are kept.
        """
        with usable(self._folder):
            stored = {entry.name for entry in self._folder.iterdir()}
        missing = [u for u in utterances if f"{self._digests.remembered(u.path)}.npy" not in stored]
        if not missing:
            return {}
        with _one_torch_thread(), ThreadPoolExecutor(self._jobs) as pool:
            reasons = track(
                pool.map(self._make, missing),
                f"features of {len(missing):,} utterances",
                total=len(missing),
                console=stderr(),
            )
            return {u.id: reason for u, reason in zip(missing, reasons, strict=True) if reason}

    def frames(self, utterance: Utterance) -> Samples:
        """Map the frames into memory, (T, F), read-only; compute them if they are missing.

        The first access in a process checks the entry, and computes it anew if it is corrupt.

        Raises:
            AudioError, TooShortError: the audio has gone since, or can't be used.
            StoreError: the folder can't be read or written.
        """
        digest = self.digest(utterance)
        if digest not in self._verified:
            self._verify(utterance, digest)
            self._verified.add(digest)
        with usable(self._folder):
            return _mapped(self._entry(digest))

    def digest(self, utterance: Utterance) -> str:
        """SHA-256 of the audio file, in hexadecimal: equal for copies of one file."""
        return self._digests.of(utterance.path)

    def _make(self, utterance: Utterance) -> str | None:
        """Make the entry if it is missing; return why it can't be made."""
        try:
            digest = self.digest(utterance)
            if not self._entry(digest).exists():
                self._build(utterance, digest)
        except AudioError as error:
            return error.reason
        except TooShortError as error:
            return str(error)
        return None

    def _verify(self, utterance: Utterance, digest: str) -> None:
        """Make the entry if it is missing, and anew if it is corrupt."""
        entry = self._entry(digest)
        if entry.exists():
            if _intact(entry):
                return
            _log.warning("%s: corrupt, computed anew from %s", entry, utterance.path)
        self._build(utterance, digest)

    def _build(self, utterance: Utterance, digest: str) -> None:
        frames = self._features(audio.read(utterance.path, self._features.sample_rate))
        if not np.isfinite(frames).all():
            raise AudioError(utterance.path, "features that are no numbers: NaN or infinite")
        if self.digest(utterance) != digest:
            raise AudioError(utterance.path, "changed while it was read: run again")
        with usable(self._folder), atomic_write(self._entry(digest)) as file:
            file.write(_with_crc(frames))

    def _entry(self, digest: str) -> Path:
        return self._folder / f"{digest}.npy"


@dataclass(frozen=True)
class Stored(Sequence[Samples]):
    """The frames of utterances, each mapped when it is asked for.

    None is held: Linux gives a process 65,530 maps, and a corpus may have more utterances.
    """

    store: FeatureStore
    utterances: Sequence[Utterance]

    def __len__(self) -> int:
        return len(self.utterances)

    @overload
    def __getitem__(self, index: int) -> Samples: ...
    @overload
    def __getitem__(self, index: slice) -> "Stored": ...
    def __getitem__(self, index: int | slice) -> "Samples | Stored":
        if isinstance(index, slice):
            return Stored(self.store, self.utterances[index])
        return self.store.frames(self.utterances[index])


def _fingerprint(features: Extractor) -> str:
    settings = json.dumps([DEFINITION, asdict(features)], sort_keys=True)
    return hashlib.sha256(settings.encode()).hexdigest()[:16]


def _with_crc(frames: Samples) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(frames))  # `_mapped` reads row after row
    buffer.write(zlib.crc32(buffer.getbuffer()).to_bytes(CRC_BYTES, "little"))
    return buffer.getvalue()


def _mapped(entry: Path) -> Samples:
    """Map as `np.load` would, but hold no open file: a process may have 1,024, a corpus 10,039."""
    with entry.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
        start = file.tell() // 4  # in float32: the header fills up multiples of 64 bytes
    size = start + math.prod(shape)
    values = torch.from_file(str(entry), shared=False, size=size, dtype=torch.float32)
    frames: Samples = values[start:].reshape(shape).numpy()
    frames.flags.writeable = False
    return frames


def _intact(entry: Path) -> bool:
    with usable(entry.parent):
        stored = entry.read_bytes()
    content, crc = stored[:-CRC_BYTES], stored[-CRC_BYTES:]
    # an empty file has the right CRC, of nothing
    return bool(content) and zlib.crc32(content).to_bytes(CRC_BYTES, "little") == crc


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Files are computed side by side, each in one thread: threads within threads are far slower.

    A new thread begins with the number that was set last, in whichever thread.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
