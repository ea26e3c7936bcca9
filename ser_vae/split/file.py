"""The split that a CSV says: another group's published one, or the split.csv of a run."""

import csv
from collections.abc import Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance

PARTS = ("train", "validation", "test")


def folds(
    utterances: Sequence[Utterance],
    *,
    seed: int,  # noqa: ARG001  (of every protocol; a file leaves nothing to draw)
    path: str | None,
) -> list[dict[str, str]]:
    """One fold, as the columns `utterance` and `part` of the file say.

    Lines for utterances that are not asked for (of another subset, say) have no effect.

    Raises:
        SerVaeError: no file, another form, an unknown part, an utterance without a line.
    """
    if path is None:
        raise SerVaeError("split=file needs split.path=…, a CSV with columns utterance and part.")
    said = _read(Path(path).expanduser())
    missing = [utterance.id for utterance in utterances if utterance.id not in said]
    if missing:
        raise SerVaeError(
            f"{path}: {len(missing)} of {len(utterances)} utterances have no line, first "
            f"{missing[0]}.\nAdd them, with part train, validation or test."
        )
    parts = {utterance.id: said[utterance.id] for utterance in utterances}
    for part in ("train", "test"):
        if part not in parts.values():
            raise SerVaeError(
                f"{path}: none of {len(parts)} utterances is in part {part}.\n"
                "A run needs some in train and some in test; validation may be empty."
            )
    return [parts]


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or ()  # None of a file without a line
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SerVaeError(f"split=file: {path} can't be read: {error}") from error
    if missing := {"utterance", "part"} - set(columns):
        raise SerVaeError(
            f"{path}: no column {' and no '.join(sorted(missing))}; its first line is "
            f"{','.join(columns)!r}.\n"
            "Name them utterance and part, separated by a comma, as in the split.csv of a run."
        )
    parts: dict[str, str] = {}
    for number, row in rows:
        name, part = row.get("utterance"), row.get("part")
        if not name or part not in PARTS:
            raise SerVaeError(
                f"{path}, line {number}: expected an utterance and a part of {', '.join(PARTS)}, "
                f"found {name!r} and {part!r}"
            )
        if parts.setdefault(name, part) != part:
            raise SerVaeError(f"{path}, line {number}: {name} is in {parts[name]} and in {part}")
    return parts
