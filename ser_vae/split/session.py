"""Leave one session out: neither speakers nor dialogues are shared."""

from collections.abc import Sequence

from ser_vae.corpus.utterance import Utterance
from ser_vae.split.grouped import grouped_folds


def folds(utterances: Sequence[Utterance], *, seed: int, validation: float) -> list[dict[str, str]]:
    """A fold for each session, in the order of their names; see `grouped_folds`."""
    return grouped_folds(
        utterances,
        lambda utterance: utterance.session,
        what="session",
        seed=seed,
        leave_one_out_up_to=len(utterances),
        folds=len(utterances),
        validation=validation,
    )
