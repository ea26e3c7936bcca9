"""The split that the corpus itself comes with, such as the `split` column of a CSV."""

from collections.abc import Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def folds(utterances: Sequence[Utterance], *, seed: int) -> list[dict[str, str]]:  # noqa: ARG001
    """One fold, id -> "train" or "test" as the corpus says; `seed` has no part in it.

    Raises:
        SerVaeError: the corpus assigns some utterances to no part, or leaves a part empty.
    """
    parts: dict[str, str] = {utterance.id: utterance.part or "" for utterance in utterances}
    without = [name for name, part in parts.items() if not part]
    if without:
        raise SerVaeError(
            f"split=given: {len(without)} of {len(parts)} utterances belong to no part, first "
            f"{without[0]}.\nGive the corpus a `split` column (train or test), or use split=random."
        )
    missing = {"train", "test"} - set(parts.values())
    if missing:
        raise SerVaeError(
            f"split=given: the corpus has no utterance in {', '.join(missing)}.\n"
            "Say train or test in its `split` column, or use split=random."
        )
    return [parts]
