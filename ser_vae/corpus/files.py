"""The folder that holds a corpus, and the files in it."""

import os
from collections.abc import Iterator
from pathlib import Path

from ser_vae import SerVaeError

# The formats that soundfile reads.
AUDIO = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav")


def existing_root(root: str | Path | None, corpus: str) -> Path:
    """Return `root`, which the environment variable CORPUS_ROOT sets, as an absolute path.

    Raises:
        SerVaeError: no root was given, or it is not a folder.
    """
    folder = Path(str(root or "")).expanduser().absolute()
    check_name(folder)
    given = str(root or "").strip()
    if not given or not folder.is_dir():
        problem = f": {folder} is not a folder" if given else " needs its folder"
        remedy = f"set {corpus.upper()}_ROOT, or give corpus.root=…"
        if folder.is_file() and folder.suffix.lower() == ".csv":
            remedy = "give a CSV as corpus.csv=…"
        raise SerVaeError(f"corpus={corpus}{problem}; {remedy}")
    return folder


def check_name(path: Path) -> None:
    """Raise unless the path can be written to files and terminals.

    Raises:
        SerVaeError: the path is not UTF-8, as in archives from systems with other encodings.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise SerVaeError(
            f"{os.fsencode(path)!r}: expected a name in UTF-8.\n"
            "Rename the file or folder; convmv can do it for a whole tree."
        ) from None


def walk(folder: Path, ancestors: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the files below a folder, sorted, as file systems differ in their order.

    Names that start with a dot are left out: copies made on macOS contain ._ files with the same
    suffix that hold neither speech nor labels. Links to folders are followed, except to one of the
    folders that the link is in (`ancestors`), as that would never end. A broken link is listed like
    a file, so that reading it reports it.

    Raises:
        SerVaeError: a folder cannot be read, or a name is not UTF-8.
    """
    real = folder.resolve()
    if real in ancestors:
        return
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise SerVaeError(f"{folder}: cannot be read: {error.strerror}") from error
    for path in paths:
        if not path.name.startswith("."):
            check_name(path)
            if path.is_dir():
                yield from walk(path, ancestors | {real})
            else:
                yield path
