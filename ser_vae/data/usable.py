"""Which utterances can be used, and what becomes of the others: never left out without a word."""

import logging
from collections.abc import Mapping, Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.segment import Remainder, frames_kept
from ser_vae.features.store import FeatureStore

log = logging.getLogger(__name__)

NAMED = 10  # at most so many utterances are named in a message


def unusable(
    store: FeatureStore,
    utterances: Sequence[Utterance],
    *,
    length: int,
    hop: int,
    remainder: Remainder,
) -> dict[str, str]:
    """Compute what features are missing; return id -> reason for those that give no segment."""
    reasons = dict(store.compute(utterances))
    for utterance in utterances:
        if utterance.id not in reasons:
            frames = store.length(utterance)
            if not frames_kept(frames, length, hop, remainder):
                reasons[utterance.id] = (
                    f"{utterance.path}: too short, {frames} frames where a segment has {length}; "
                    "data.remainder=pad would keep it"
                )
    return reasons


def report_unusable(reasons: Mapping[str, str], total: int, policy: str) -> None:
    """Name the utterances; go on without them where `policy` is "drop".

    Raises:
        SerVaeError: some can't be used, and `policy` is "error".
    """
    if not reasons:
        return
    named = [f"  {name}: {reason}" for name, reason in sorted(reasons.items())]
    more = [f"  and {len(named) - NAMED} more"] if len(named) > NAMED else []
    message = "\n".join(
        [f"{len(reasons)} of {total} utterances can't be used:", *named[:NAMED], *more]
    )
    if policy == "error":
        raise SerVaeError(f"{message}\nMend the files, or leave them out with bad_audio=drop.")
    log.warning("%s\nThey are left out (bad_audio=drop).", message)
