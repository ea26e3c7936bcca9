"""A folder -> the runs below it. What can't be read as a run is named, never passed over."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.report.read import NotARunError, read
from ser_vae.report.record import Run
from ser_vae.run_folder import RunFolder

WRITTEN = {"config.yaml", "metrics.json", "error.txt", "predictions.csv", "split.csv"}


def collect(folder: Path) -> tuple[list[Run], dict[str, str]]:
    """All runs below `folder`, by their folders; and folder -> why it can't be read as a run.

    Hidden folders are not looked into, nor what lies below a run's own.

    Raises:
        SerVaeError: there is no run.
    """
    runs: list[Run] = []
    unreadable: dict[str, str] = {}

    def note(error: OSError) -> None:
        unreadable[os.path.relpath(error.filename, folder)] = str(error.strerror)

    for parent, below, files in os.walk(folder, onerror=note):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if not looks_like_a_run(files):
            continue
        name = Path(parent).relative_to(folder).as_posix()
        try:
            runs.append(read(RunFolder(Path(parent)), name))
            below.clear()  # loggers keep a config.yaml of their own in there
        except NotARunError as error:
            unreadable[name] = str(error)
    if not runs:
        raise SerVaeError(no_run(folder, unreadable))
    return sorted(runs, key=lambda run: run.folder), unreadable


def looks_like_a_run(files: Collection[str]) -> bool:
    return not WRITTEN.isdisjoint(files)


def no_run(folder: Path, unreadable: Mapping[str, str]) -> str:
    lines = [
        f"{folder}: expected a folder that runs were written to, found no run in it.",
        *(f"  {name}: {reason}" for name, reason in unreadable.items()),
        f"Make one with: python -m ser_vae.run model=vae runs={folder}",
    ]
    return "\n".join(lines)
