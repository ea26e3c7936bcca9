"""The folder in which a corpus lies."""

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
        raise SerVaeError(f"corpus={corpus}: {folder} is not a folder; set {setting} to one")
    return folder
