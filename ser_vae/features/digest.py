"""SHA-256 of audio files, each file read once for as long as it stays unchanged."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.features import AudioError

# The coarsest file system's time stamps. A file changed within it may change again under the same
# stamp, so its digest is not remembered.
GRAIN_NS = 2 * 10**9


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
    """Digests of files, remembered in `folder` by path, size, times and inode.

    Each is an empty file named `<identity>-<digest>`: there whole or not at all, without a lock,
    and 10,000 are read by listing the folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with usable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            names = [file.name for file in folder.iterdir() if "-" in file.name]
        self._digests: dict[str, str] = dict(name.split("-", 1) for name in names)

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
            with usable(self._folder):
                (self._folder / f"{identity}-{digest}").touch()
            self._digests[identity] = digest
        return digest

    def remembered(self, path: Path) -> str | None:
        """Digest if it is known without reading the file; None also if there is no file."""
        try:
            return self._digests.get(_identity(path)[0])
        except AudioError:
            return None


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
