"""The folder that holds a corpus, and the files in it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ser_vae import SerVaeError

WAV = (".wav",)
# The formats that soundfile reads.
AUDIO = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav")


def existing_root(root: str | Path | None, corpus: str, variable: str) -> Path:
    """Return `root` as an absolute path; `variable` is the environment variable that sets it.

    Raises:
        SerVaeError: no root was given, or it is not a folder.
    """
    if not str(root or "").strip():
        raise SerVaeError(
            f"corpus={corpus} needs its folder: set {variable}, or give corpus.root=…"
        )
    folder = Path(str(root)).expanduser().absolute()
    check_name(folder)
    if not folder.is_dir():
        raise SerVaeError(
            f"corpus={corpus}: {folder} is not a folder; correct {variable} or corpus.root."
        )
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


def is_hidden(path: Path) -> bool:
    """Whether the name starts with a dot.

    Copies made on macOS contain ._ files with the same suffix that hold neither speech nor labels.
    """
    return path.name.startswith(".")


def visible_files(folder: Path, pattern: str, suffixes: Sequence[str] = WAV) -> list[Path]:
    """List the files that match a glob pattern and have one of the suffixes, in any case.

    They are sorted, because file systems differ in their order. A broken link is listed like a
    file: whoever reads it reports it.

    Raises:
        SerVaeError: a name is not UTF-8.
    """
    files = [
        path
        for path in folder.glob(pattern)
        if path.suffix.lower() in suffixes and not is_hidden(path) and not path.is_dir()
    ]
    for path in files:
        check_name(path)
    return sorted(files)


def walk(folder: Path, ancestors: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Yield the visible files below a folder, sorted; links to folders are followed.

    A link to one of the folders that it is in (`ancestors`) is not, as it would never end.

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
        if not is_hidden(path):
            check_name(path)
            if path.is_dir():
                yield from walk(path, ancestors | {real})
            else:
                yield path
