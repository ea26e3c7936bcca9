"""Frames of all utterances on disk, computed once per file content and extractor.

    <folder>/digests/                                 digests of audio files, see `digest`
    <folder>/<extractor>-<fingerprint>/<hash>.pack    frames of up to a hundred utterances

The fingerprint covers the settings and the source code of the extractor, so that a changed file,
setting or implementation never uses an old entry, while a copy of the corpus in another folder uses
the existing entries.

The first line of a pack is its index: a JSON object from the digest of an audio file to [offset in
bytes, T, F, CRC-32] of its frames. The frames follow as float32, or as float16 if the extractor has
`store="float16"`: it has rounded them itself, so nothing is lost. A pack is named after the hash of
its index; it appears whole or not at all, and is never changed. Several processes can therefore
work on one folder, and each can be killed at any moment: it loses one pack at most.
"""

import hashlib
import inspect
import json
import logging
import math
import sys
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError, TooShortError, audio
from ser_vae.features.audio import Samples
from ser_vae.features.digest import Digests
from ser_vae.features.extractor import Extractor, extraction_threads
from ser_vae.features.imported import Imported
from ser_vae.files import atomic_write, locked
from ser_vae.settings import find_targets
from ser_vae.terminal import track

PACK_SIZE = 100  # utterances; what a kill may cost, as a pack is written when it is full
PACKAGE = __name__.rpartition(".")[0]

log = logging.getLogger(__name__)


class Entry(NamedTuple):
    """Where frames are stored."""

    pack: Path
    offset: int  # bytes, behind the index
    shape: tuple[int, int]  # T, F
    crc: int


class FeatureStore:
    """Frames of utterances, stored below `folder`; `jobs` threads compute the missing ones.

    Raises:
        OSError: the folder cannot be read, or cannot be written although entries are missing.
    """

    def __init__(self, folder: Path, extractor: Extractor, jobs: int) -> None:
        self._extractor = extractor
        self._jobs = jobs
        self._dtype = np.dtype(getattr(extractor, "store", np.float32))
        self._digests = Digests(folder / "digests")
        self._folder = folder / f"{type(extractor).__name__}-{_fingerprint(extractor)}"
        self._folder.mkdir(exist_ok=True)
        self._entries: dict[str, Entry] = {}  # by digest
        self._load(self._folder.glob("*.pack"))

    def compute(self, utterances: Sequence[Utterance]) -> dict[str, str]:
        """Compute missing entries; return id -> reason for utterances that have no frames.

        If another process is computing, wait for it and use its entries.
        """
        if not self._missing(utterances):
            return {}
        waiting = f"{self._folder}: waiting for another process, which is computing features"
        with locked(self._folder / ".lock", waiting):
            for part in self._folder.glob(".*.part"):  # left by a killed process
                part.unlink()
            self._load(self._folder.glob("*.pack"))
            return self._compute(self._missing(utterances))

    def frames(self, utterance: Utterance) -> Samples:
        """Read and check the frames (T, F); compute them again if they are damaged.

        Raises:
            AudioError: the audio file has changed, or is gone, since `compute`.
        """
        if (stored := _read(self._entry(utterance), self._dtype)) is not None:
            return stored.astype(np.float32, copy=False)
        with extraction_threads(1):
            return self._extract(utterance, self.digest(utterance))

    def length(self, utterance: Utterance) -> int:
        """Return the number of frames T, from the index; raises like `frames`."""
        return self._entry(utterance).shape[0]

    def digest(self, utterance: Utterance) -> str:
        """Return the SHA-256 of the audio file, or of a clip of it: equal for copies of a file."""
        return _clip_digest(self._digests.of(utterance.path), utterance)

    def content(self, utterance: Utterance) -> str:
        """Return what identifies the frames: shape and CRC-32; raises like `frames`.

        It is equal for the same samples in any lossless format, as frames are a function of them.
        In a corpus of the size of IEMOCAP, two different utterances share it by chance with a
        probability of about 1e-5.
        """
        entry = self._entry(utterance)
        return f"{entry.shape} {entry.crc}"

    def _entry(self, utterance: Utterance) -> Entry:
        digest = self.digest(utterance)
        if digest not in self._entries:
            raise AudioError(utterance.path, "changed since its features were computed: run again")
        return self._entries[digest]

    def _missing(self, utterances: Sequence[Utterance]) -> list[Utterance]:
        remembered = ((u, self._digests.remembered(u.path)) for u in utterances)
        return [u for u, d in remembered if d is None or _clip_digest(d, u) not in self._entries]

    def _compute(self, utterances: Sequence[Utterance]) -> dict[str, str]:
        reasons: dict[str, str] = {}

        def compute(utterance: Utterance) -> dict[str, Samples]:
            try:
                digest = self.digest(utterance)
                return {} if digest in self._entries else {digest: self._extract(utterance, digest)}
            except (AudioError, TooShortError) as error:
                reasons[utterance.id] = str(error)
                return {}

        packs = [utterances[n : n + PACK_SIZE] for n in range(0, len(utterances), PACK_SIZE)]
        title = f"features of {len(utterances):,} utterances"
        with extraction_threads(self._jobs) as pool:
            for pack in track(packs, title, len(packs)):
                entries = pool.map(compute, pack)
                self._write({digest: f for entry in entries for digest, f in entry.items()})
        return reasons

    def _extract(self, utterance: Utterance, digest: str) -> Samples:
        extractor = self._extractor
        if isinstance(extractor, Imported):
            frames = extractor.frames_of(utterance)
        else:
            waveform = audio.read(utterance.path, extractor.sample_rate, utterance.clip)
            frames = extractor(waveform)
        if not np.isfinite(frames).all():
            raise AudioError(utterance.path, "NaN or infinite features")
        if self.digest(utterance) != digest:
            raise AudioError(utterance.path, "changed while it was read: run again")
        return np.ascontiguousarray(frames, np.float32)

    def _write(self, new: dict[str, Samples]) -> None:
        index, offset = {}, 0
        stored = {digest: frames.astype(self._dtype, copy=False) for digest, frames in new.items()}
        for digest, frames in stored.items():
            index[digest] = offset, *frames.shape, zlib.crc32(frames.data)
            offset += frames.nbytes
        header = json.dumps(index).encode() + b"\n"
        if index:
            with atomic_write(self._folder / _pack_name(header)) as file:
                file.writelines([header, *(frames.data for frames in stored.values())])
            self._load([self._folder / _pack_name(header)])

    def _load(self, packs: Iterable[Path]) -> None:
        for pack in packs:
            with pack.open("rb") as file:
                header = file.readline()
            if pack.name != _pack_name(header):
                log.warning("%s: damaged, so not used; it can be deleted", pack)
                continue
            for digest, (offset, *shape, crc) in json.loads(header).items():
                self._entries[digest] = Entry(pack, len(header) + offset, tuple(shape), crc)


def _fingerprint(extractor: Extractor) -> str:
    """Hash the settings and the source code of an extractor.

    The code is that of its class and base classes, of the classes that its settings name, and of
    what these import from this package.
    """
    settings = asdict(extractor)
    modules = {audio, *(sys.modules[base.__module__] for base in type(extractor).__mro__[:-1])}
    modules |= {sys.modules[target.rpartition(".")[0]] for target in find_targets(settings)}
    imported = {getattr(v, "__module__", "") for module in modules for v in vars(module).values()}
    modules |= {
        m for name, m in sys.modules.items() if name in imported and name.startswith(PACKAGE)
    }
    text = json.dumps([settings, *sorted(map(inspect.getsource, modules))])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _clip_digest(digest: str, utterance: Utterance) -> str:
    """Return the digest of an utterance's audio: of its clip, or `digest`, that of the file."""
    if utterance.clip is None:
        return digest
    return hashlib.sha256(f"{digest} {utterance.clip}".encode()).hexdigest()


def _pack_name(header: bytes) -> str:
    return f"{hashlib.sha256(header).hexdigest()[:32]}.pack"


def _read(entry: Entry, dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Read frames; if they are not what was written, delete the pack and return None."""
    size = math.prod(entry.shape)
    with suppress(FileNotFoundError):  # already deleted
        frames: npt.NDArray[Any] = np.fromfile(entry.pack, dtype, size, offset=entry.offset)
        if len(frames) == size and zlib.crc32(frames.data) == entry.crc:
            return frames.reshape(entry.shape)
        log.warning("%s: damaged, so deleted; its features are computed again", entry.pack)
        entry.pack.unlink()
    return None
