"""Text-independent: what is said (a script, a scene, a statement) is never on both sides."""

from collections.abc import Sequence

from ser_vae.corpus.utterance import Utterance
from ser_vae.split.grouped import grouped_folds


def folds(
    utterances: Sequence[Utterance],
    *,
    seed: int,
    leave_one_out_up_to: int,
    folds: int,
    validation: float,
) -> list[dict[str, str]]:
    """A fold for each script of a few, drawn folds of many; see `grouped_folds`."""
    return grouped_folds(
        utterances,
        lambda utterance: utterance.script,
        what="script",
        seed=seed,
        leave_one_out_up_to=leave_one_out_up_to,
        folds=folds,
        validation=validation,
    )
