"""The split that a CSV defines: a published one, or the split.csv of another run."""

from collections.abc import Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.files import read_csv

SETS = ("train", "validation", "test")


def folds(
    utterances: Sequence[Utterance],
    *,
    seed: int,  # noqa: ARG001  (an argument of every split; nothing is drawn here)
    path: str,
) -> list[dict[str, str]]:
    """Return one fold, as the columns `utterance` and `part` of the file define it.

    Rows of other utterances, such as those of another subset, are ignored.

    Raises:
        SerVaeError: no file, another format, an unknown set, an utterance without a line.
    """
    set_of: dict[str, str] = {}
    for where, row in read_csv(Path(path).expanduser(), ("utterance", "part")):
        name, part = row["utterance"], row["part"]
        if not name or part not in SETS:
            raise SerVaeError(
                f"{where}: expected an utterance, and one of {', '.join(SETS)} as its part, "
                f"found {name!r} and {part!r}"
            )
        if set_of.setdefault(name, part) != part:
            raise SerVaeError(f"{where}: {name} is in {set_of[name]} and in {part}")
    missing = [utterance.id for utterance in utterances if utterance.id not in set_of]
    if missing:
        raise SerVaeError(
            f"{path}: {len(missing)} of {len(utterances)} utterances have no line, first "
            f"{missing[0]}.\nAdd them, with part train, validation or test."
        )
    return [{utterance.id: set_of[utterance.id] for utterance in utterances}]
