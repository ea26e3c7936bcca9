"""Frames of every utterance on disk, computed once for a file's content and the settings.

    <folder>/digests/                               which content a file had, see `digest`
    <folder>/<extractor>-<settings>/<pack>.npy      frames (all T, F) of many utterances, float32
    <folder>/<extractor>-<settings>/<index>.csv     where in which pack those of a content lie

The extractor is `LogMel` or another: a class, and the settings with which it was made.

A changed file or setting never meets an old entry, and a copy of the corpus elsewhere finds those
of the first. Some hundred utterances share a pack, as clusters count files. Packs and indices
appear whole or not at all and are never changed, so that several processes may work on one folder,
and any of them be killed at any moment: it loses what it computed in the last seconds.
"""

import hashlib
import json
import logging
import time
import zlib
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, overload

import numpy as np
import torch
from filelock import FileLock, Timeout

from ser_vae.corpus.utterance import Utterance
from ser_vae.features import AudioError, audio, records
from ser_vae.features.audio import Samples
from ser_vae.features.digest import Digests, usable
from ser_vae.features.logmel import TooShortError
from ser_vae.files import atomic_write, remove_parts
from ser_vae.terminal import track

DEFINITION = 2  # one more whenever a file under the same settings would give another entry
PACK_BYTES = 2**24  # a pack is written when it has so much,
PACK_S = 2.0  # or so long after the last one: what a kill may cost

_log = logging.getLogger(__name__)


class Extractor(Protocol):
    """A frozen dataclass of settings, called with a waveform (N,), in threads: (T, F) float32."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def sample_rate(self) -> int:
        """In Hz, of the waveform that it expects."""

    def __call__(self, waveform: Samples, /) -> Samples:
        """Raise `TooShortError` where the waveform gives no frame."""


class Place(NamedTuple):
    """Where the frames of a content lie."""

    pack: str
    offset: int  # bytes
    frames: int  # T
    bands: int  # F
    crc: int  # CRC-32 of the content's digest and the frames


class FeatureStore:
    """The frames of utterances, kept under `folder`; `jobs` threads compute what is missing."""

    def __init__(self, folder: Path, features: Extractor, jobs: int) -> None:
        self._features = features
        self._jobs = jobs
        self._digests = Digests(folder / "digests")
        self._folder = folder / f"{type(features).__name__}-{_fingerprint(features)}"
        self._places: dict[str, list[Place]] = {}  # by digest; the first that is intact is read
        self._seen: set[str] = set()  # indices
        with usable(self._folder):
            self._folder.mkdir(exist_ok=True)
        self._look()

    def compute(self, utterances: Sequence[Utterance]) -> dict[str, str]:
        """Make an entry for every utterance; return id → reason for those that can't have one.

        Where another process is at it, its entries are waited for, and not computed again.

        Raises:
            StoreError: the folder can't be written. The entries made until then are kept.
        """
        if not self._missing(utterances):
            return {}
        with self._lock():
            with usable(self._folder):
                remove_parts(self._folder)
            self._look()
            return self._make(self._missing(utterances))

    def frames(self, utterance: Utterance) -> Samples:
        """Read the frames, (T, F), and check them; compute them if they are missing or corrupt.

        Raises:
            AudioError, TooShortError: the audio has gone since, or can't be used.
            StoreError: the folder can't be read or written.
        """
        digest = self.digest(utterance)
        places = self._places.get(digest, [])
        for place in places:
            if (stored := self._read(digest, place)) is not None:
                return stored
        if places:
            pack = self._folder / places[0].pack
            _log.warning("%s: corrupt, computed anew from %s", pack, utterance.path)
        with _one_torch_thread():  # as in `compute`, to the bit
            made = self._extract(utterance, digest)
        self._keep({digest: made})
        return made

    def length(self, utterance: Utterance) -> int:
        """T, which is known of stored frames without reading them; errors as of `frames`."""
        places = self._places.get(self.digest(utterance))
        return places[0].frames if places else len(self.frames(utterance))

    def digest(self, utterance: Utterance) -> str:
        """SHA-256 of the audio file, in hexadecimal: equal for copies of one file."""
        return self._digests.of(utterance.path)

    def _look(self) -> None:
        """Find the entries that there are now, those of other processes too."""
        with usable(self._folder):
            for digest, pack, *numbers in records.read(self._folder, self._seen):
                place = Place(pack, *map(int, numbers))
                self._places.setdefault(digest, []).append(place)

    def _missing(self, utterances: Sequence[Utterance]) -> list[Utterance]:
        return [u for u in utterances if self._digests.remembered(u.path) not in self._places]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Compute alone; the operating system frees the lock when a process dies."""
        with usable(self._folder):
            lock = FileLock(self._folder / ".lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                _log.warning("%s: another process computes features; waiting for it", self._folder)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _make(self, missing: Sequence[Utterance]) -> dict[str, str]:
        """Compute entries and keep them in packs; return why some can't be made."""
        reasons: dict[str, str] = {}
        new: dict[str, Samples] = {}
        size, kept = 0, time.monotonic()
        with closing(self._entries(missing)) as entries:
            for utterance, entry in zip(missing, entries, strict=True):
                if isinstance(entry, str):
                    reasons[utterance.id] = entry
                    continue
                new |= entry
                size += sum(frames.nbytes for frames in entry.values())
                if size >= PACK_BYTES or time.monotonic() - kept >= PACK_S:
                    self._keep(new)
                    new, size, kept = {}, 0, time.monotonic()
        self._keep(new)
        self._digests.keep()
        return reasons

    def _entries(
        self, utterances: Sequence[Utterance]
    ) -> Generator[dict[str, Samples] | str, None, None]:
        """What `_entry` makes of each, side by side; closed, it waits for no other file."""
        said = f"features of {len(utterances):,} utterances"
        with _one_torch_thread(), ThreadPoolExecutor(self._jobs) as pool:
            try:
                entries = pool.map(self._entry, utterances)
                yield from track(entries, said, len(utterances))
            finally:
                pool.shutdown(cancel_futures=True)

    def _entry(self, utterance: Utterance) -> dict[str, Samples] | str:
        """Digest → frames, nothing if they are stored; or why they can't be made."""
        try:
            digest = self.digest(utterance)
            return {} if digest in self._places else {digest: self._extract(utterance, digest)}
        except AudioError as error:
            return error.reason
        except TooShortError as error:
            return str(error)

    def _extract(self, utterance: Utterance, digest: str) -> Samples:
        frames = self._features(audio.read(utterance.path, self._features.sample_rate))
        if not np.isfinite(frames).all():
            raise AudioError(utterance.path, "features that are no numbers: NaN or infinite")
        if self.digest(utterance) != digest:
            raise AudioError(utterance.path, "changed while it was read: run again")
        return np.ascontiguousarray(frames)

    def _keep(self, new: dict[str, Samples]) -> None:
        """Write a pack of entries, then the index by which they are found."""
        if not new:
            return
        crcs = [_crc(digest, frames) for digest, frames in new.items()]
        name = hashlib.sha256(json.dumps([*new, *crcs]).encode()).hexdigest()[:32] + ".npy"
        with usable(self._folder):
            with atomic_write(self._folder / name) as file:
                joined = np.concatenate(list(new.values()))
                header = np.lib.format.header_data_from_array_1_0(joined)
                np.lib.format.write_array_header_1_0(file, header)
                offset = file.tell()
                file.write(joined.data)  # where a disk is full, np.save would not say so
            places = []
            for frames, crc in zip(new.values(), crcs, strict=True):
                places.append(Place(name, offset, len(frames), frames.shape[1], crc))
                offset += frames.nbytes
            index = records.add(
                self._folder, [(d, *place) for d, place in zip(new, places, strict=True)]
            )
        self._seen.add(index.name)
        for digest, place in zip(new, places, strict=True):
            self._places.setdefault(digest, []).insert(0, place)

    def _read(self, digest: str, place: Place) -> Samples | None:
        """The frames at a place; None if they are not what was written there."""
        size = place.frames * place.bands
        with usable(self._folder):
            try:
                with (self._folder / place.pack).open("rb") as file:
                    frames: Samples = np.fromfile(file, np.float32, size, offset=place.offset)
            except FileNotFoundError:
                return None
        if len(frames) < size or _crc(digest, frames) != place.crc:
            return None
        return frames.reshape(place.frames, place.bands)


@dataclass(frozen=True)
class Stored(Sequence[Samples]):
    """The frames of utterances, each read when it is asked for, and none held."""

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


def _crc(digest: str, frames: Samples) -> int:
    return zlib.crc32(frames.data, zlib.crc32(digest.encode()))


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
