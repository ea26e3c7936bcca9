"""The split that a CSV defines: a published one, or the split.csv of another run."""

import csv
from collections.abc import Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance

SETS = ("train", "validation", "test")


def folds(
    utterances: Sequence[Utterance],
    *,
    seed: int,  # noqa: ARG001  (an argument of every split; nothing is drawn here)
    path: str,
) -> list[dict[str, str]]:
    """Return one fold, as the columns `utterance` and `part` of the file define it.

    Lines for utterances that are not asked for, of another subset say, are ignored.

    Raises:
        SerVaeError: no file, another format, an unknown set, an utterance without a line.
    """
    set_of = _read(Path(path).expanduser())
    missing = [utterance.id for utterance in utterances if utterance.id not in set_of]
    if missing:
        raise SerVaeError(
            f"{path}: {len(missing)} of {len(utterances)} utterances have no line, first "
            f"{missing[0]}.\nAdd them, with part train, validation or test."
        )
    fold = {utterance.id: set_of[utterance.id] for utterance in utterances}
    for part in ("train", "test"):
        if part not in fold.values():
            raise SerVaeError(
                f"{path}: none of {len(fold)} utterances has part {part}.\n"
                "A run needs both train and test; only validation may be empty."
            )
    return [fold]


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()  # None if the file is empty
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SerVaeError(f"split=file: {path} cannot be read: {error}") from error
    if missing := {"utterance", "part"} - set(columns):
        raise SerVaeError(
            f"{path}: no column {' and no '.join(sorted(missing))}; its first line is "
            f"{','.join(columns)!r}.\n"
            "Name them utterance and part, separated by a comma, as in the split.csv of a run."
        )
    set_of: dict[str, str] = {}
    for number, row in rows:
        name, part = row.get("utterance"), row.get("part")
        if not name or part not in SETS:
            raise SerVaeError(
                f"{path}, line {number}: expected an utterance and a part of {', '.join(SETS)}, "
                f"found {name!r} and {part!r}"
            )
        if set_of.setdefault(name, part) != part:
            raise SerVaeError(f"{path}, line {number}: {name} is in {set_of[name]} and in {part}")
    return set_of
