"""Speech of other labels, for pretraining alone: what of it a split allows (`unlabelled=true`)."""

from collections.abc import Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Style, Utterance
from ser_vae.data.audit import SIDES
from ser_vae.split.speaker import known_speaker

UNLABELLED = "unlabelled"  # the part that they make


def of_training_speakers(
    others: Sequence[Utterance],
    utterances: Sequence[Utterance],
    parts: Sequence[str],
    style: Style | None,
) -> list[Utterance]:
    """The utterances of other labels that pretraining may hear.

    Their speaker is in the training part. And where the split keeps speakers, sessions, dialogues
    or scripts apart, theirs is none of those that are held out.

    Args:
        others: utterances whose label is none of the classes; it is not looked at.
        utterances: those of the classes.
        parts: "train", "validation" or "test" for each of `utterances`.
        style: of the subset; None for all.

    Raises:
        SerVaeError: there is none.
    """
    sided = list(zip(utterances, parts, strict=True))
    train = [utterance for utterance, part in sided if part == "train"]
    held_out = [utterance for utterance, part in sided if part != "train"]
    speakers = {known_speaker(utterance) for utterance in train} - {None}
    apart = []
    for value in SIDES.values():
        out = {value(utterance) for utterance in held_out} - {None}
        if not out & {value(utterance) for utterance in train}:
            apart.append((value, out))
    allowed = [
        other
        for other in others
        if known_speaker(other) in speakers
        and (style is None or other.style == style)
        and not any(value(other) in out for value, out in apart)
    ]
    if not allowed:
        raise SerVaeError(
            f"unlabelled=true: none of the corpus's {len(others)} utterances of other labels is by "
            "a speaker of the training part alone.\nUse unlabelled=false."
        )
    return sorted(allowed, key=lambda utterance: utterance.id)
