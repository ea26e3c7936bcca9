"""Utterances that cannot be used: they are reported, never dropped silently."""

import logging
from collections.abc import Mapping, Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.segment import Segmentation
from ser_vae.features.store import FeatureStore

log = logging.getLogger(__name__)

MAX_LISTED = 10  # utterances in a message


def unusable(
    store: FeatureStore, utterances: Sequence[Utterance], segmentation: Segmentation
) -> dict[str, str]:
    """Compute missing features; return id -> reason for utterances that give no segment."""
    reasons = store.compute(utterances)
    for utterance in utterances:
        if utterance.id not in reasons:
            frames = store.length(utterance)
            if not segmentation.frames_kept(frames):
                reasons[utterance.id] = (
                    f"{utterance.path}: too short, {frames} frames but a segment has "
                    f"{segmentation.length}; data.remainder=pad would keep it"
                )
    return reasons


def report_unusable(reasons: Mapping[str, str], total: int, policy: str) -> None:
    """List the unusable utterances of `total`: as a warning if `policy` is "drop".

    Raises:
        SerVaeError: there are some, and `policy` is "error".
    """
    if not reasons:
        return
    lines = [f"  {name}: {reason}" for name, reason in sorted(reasons.items())]
    if len(lines) > MAX_LISTED:
        lines[MAX_LISTED:] = [f"  and {len(lines) - MAX_LISTED} more"]
    message = "\n".join([f"{len(reasons)} of {total} utterances can't be used:", *lines])
    if policy == "error":
        raise SerVaeError(f"{message}\nRepair the files, or leave them out with bad_audio=drop.")
    log.warning("%s\nThey are left out (bad_audio=drop).", message)


def check_classes(emotions: Sequence[str], usable: Sequence[Utterance]) -> None:
    """Raise if a class has lost all its utterances, as the scores would be those of other classes.

    Raises:
        SerVaeError: none of the usable utterances is of one of the emotions.
    """
    if lost := sorted(set(emotions) - {utterance.emotion for utterance in usable}):
        raise SerVaeError(
            f"{', '.join(lost)}: none of its utterances can be used.\n"
            "Repair the files, which `python -m ser_vae.check corpus=…` lists, or remove the class "
            "from the corpus."
        )
