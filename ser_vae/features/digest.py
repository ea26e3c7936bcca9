"""SHA-256 of the files that a run depends on, remembered so that each is read once."""

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ser_vae.features import AudioError
from ser_vae.terminal import track

LINE = re.compile("^([0-9a-f]{32}) ([0-9a-f]{64})$", re.MULTILINE)


class Digests:
    """Digests of files, remembered in `folder` by path, size, times and inode.

    They are lines of one text file: hash of the metadata, digest. Every process appends to it,
    unless the folder is read-only. An incomplete line is ignored, and the audio file is read again.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._list = folder / "sha256.txt"
        text = self._list.read_text(errors="replace") if self._list.exists() else ""
        self._digests: dict[str, str] = dict(LINE.findall(text))

    def learn(self, paths: Iterable[Path]) -> None:
        """Read the files whose digests are not remembered; unreadable ones are skipped."""
        if unknown := [path for path in paths if self.remembered(path) is None]:
            title = f"content of {len(unknown):,} files"
            for path in track(unknown, title, len(unknown), transient=True):
                with suppress(AudioError):  # raised again when this file is needed
                    self.of(path)

    def of(self, path: Path) -> str:
        """Return the digest in hexadecimal; `AudioError` if the file cannot be read."""
        try:
            identity = _identity(path)
            if identity not in self._digests:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._digests[identity] = digest
                with suppress(OSError), self._list.open("a") as lines:
                    lines.write(f"\n{identity} {digest}\n")
            return self._digests[identity]
        except OSError as error:
            reason = f"cannot be opened: {error.strerror}; restore it, or correct the corpus root"
            raise AudioError(path, reason) from error

    def remembered(self, path: Path) -> str | None:
        """Return the digest if it is known without reading the file, else None."""
        try:
            return self._digests.get(_identity(path))
        except OSError:
            return None


def _identity(path: Path) -> str:
    """Hash what changes when the content of a file does."""
    stat = path.stat()
    # ctime too: `cp -p` keeps mtime
    changing = path.absolute(), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
    return hashlib.sha256(repr(changing).encode()).hexdigest()[:32]
