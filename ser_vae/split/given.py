"""The split that the corpus itself defines, such as the `split` column of a CSV."""

from collections.abc import Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def folds(utterances: Sequence[Utterance], *, seed: int) -> list[dict[str, str]]:  # noqa: ARG001
    """Return one fold, id -> "train", "validation" or "test" as the corpus states.

    `seed` has no effect.

    Raises:
        SerVaeError: the corpus assigns some utterances to no set.
    """
    fold: dict[str, str] = {utterance.id: utterance.part or "" for utterance in utterances}
    without = [name for name, part in fold.items() if not part]
    if without:
        raise SerVaeError(
            f"split=given: {len(without)} of {len(fold)} utterances are in no set, first "
            f"{without[0]}.\n"
            "Give the corpus a `split` column (train, dev or test), or use split=random."
        )
    return [fold]
