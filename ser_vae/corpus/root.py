"""The folder in which a corpus lies, and the files in it."""

from collections.abc import Collection
from pathlib import Path

from ser_vae import SerVaeError


def existing_root(root: str | Path | None, corpus: str, setting: str) -> Path:
    """`root` as a folder that exists; `setting` is what the user sets to say where it is.

    Raises:
        SerVaeError: no root was given, or there is no such folder.
    """
    if root is None:
        raise SerVaeError(f"corpus={corpus} needs its folder: set {setting}, or give corpus.root=…")
    folder = Path(root).expanduser().absolute()
    if not folder.is_dir():
        raise SerVaeError(
            f"corpus={corpus}: {folder} is not a folder; set {setting} to one, or corpus.root."
        )
    return folder


def is_hidden(path: Path) -> bool:
    """Copies made on macOS carry ._ files of the same suffix, which hold no speech and no label."""
    return path.name.startswith(".")


def visible_files(folder: Path, pattern: str) -> list[Path]:
    """The files of a glob `pattern`, sorted: a file system's own order differs by machine."""
    return sorted(path for path in folder.glob(pattern) if path.is_file() and not is_hidden(path))


def left_out(files: Collection[Path]) -> tuple[str, ...]:
    """Nothing, or the sentence that counts and names files of another name than the corpus's."""
    if not files:
        return ()
    names = ", ".join(file.name for file in files)
    return (f"{len(files)} files are not named as this corpus names its own, left out: {names}",)
