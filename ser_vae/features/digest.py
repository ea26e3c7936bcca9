"""SHA-256 of audio files, each file read once for as long as it stays unchanged."""

import hashlib
import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.features import AudioError, records
from ser_vae.terminal import track

# The coarsest file system's time stamps. A file changed within it may change again under the same
# stamp, so its digest is not remembered.
GRAIN_NS = 2 * 10**9

_log = logging.getLogger(__name__)


class StoreError(SerVaeError):
    """The folder of the feature store can't be used."""


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Turn an error of the file system into one that says what to do about `folder`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{folder}: the feature store can't be used: {error.strerror}; "
            "free some space, mend the permissions, or give another folder"
        ) from error


class Digests:
    """Digests of files, remembered in `folder` by path, size, times and inode, see `records`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with usable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._digests = {row[0]: row[1] for row in records.read(folder, set())}
        self._new: list[tuple[str, str]] = []

    def learn(self, paths: Iterable[Path]) -> None:
        """Read the files whose digests are not remembered; one that can't be is passed over."""
        unknown = [path for path in paths if self.remembered(path) is None]
        if not unknown:
            return
        said = f"content of {len(unknown):,} files"
        for path in track(unknown, said, len(unknown), transient=True):
            try:
                self.of(path)
            except AudioError:
                continue  # whoever asks for this one is told
        self.keep()

    def of(self, path: Path) -> str:
        """Digest of the content, in hexadecimal; `AudioError` if the file can't be opened."""
        identity, settled = _identity(path)
        if identity in self._digests:
            return self._digests[identity]
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise _gone(path, error) from error
        if settled:
            self._digests[identity] = digest
            self._new.append((identity, digest))
        return digest

    def remembered(self, path: Path) -> str | None:
        """Digest if it is known without reading the file; None also if there is no file."""
        try:
            return self._digests.get(_identity(path)[0])
        except AudioError:
            return None

    def keep(self) -> None:
        """Remember what was read since the last time for other processes, where that may be."""
        new, self._new = self._new, []
        if not new:
            return
        try:
            records.add(self._folder, sorted(new))
        except OSError as error:
            _log.warning(
                "%s: %s; what files hold is not remembered, and they are read again next time",
                self._folder,
                error.strerror,
            )


def _identity(path: Path) -> tuple[str, bool]:
    """Name the file as it is now, and say whether any later change must change that name."""
    try:
        stat = path.stat()
    except OSError as error:
        raise _gone(path, error) from error
    # ctime too: mtime is kept by `cp -p`, and can be set
    identity = (str(path.absolute()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
    name = hashlib.sha256(repr(identity).encode()).hexdigest()[:32]
    return name, time.time_ns() - stat.st_ctime_ns > GRAIN_NS


def _gone(path: Path, error: OSError) -> AudioError:
    return AudioError(
        path, f"cannot be opened: {error.strerror}; restore it, or give the corpus's present root"
    )
