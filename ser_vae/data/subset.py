"""Which utterances of a corpus a run uses.

The paper's three subsets are improvised, scripted and complete (IV-A). Speech with other labels is
only used for pretraining (`unlabelled=true`), and only if the split allows it.
"""

from collections.abc import Sequence

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import GROUPS, Corpus, Style, Utterance, known_speaker


def select(corpus: Corpus, style: Style | None) -> list[Utterance]:
    """Return the utterances of one style, or of the whole corpus if `style` is None.

    Raises:
        SerVaeError: the corpus does not distinguish improvised from scripted speech, or an
            emotion would have no utterance.
    """
    if style and corpus.utterances and not any(u.style for u in corpus.utterances):
        raise SerVaeError(
            f"data={style}: corpus {corpus.name} does not distinguish improvised from scripted "
            "speech.\nUse data=complete."
        )
    selected = [u for u in corpus.utterances if style in (None, u.style)]
    absent = sorted(set(corpus.emotions) - {utterance.emotion for utterance in selected})
    if absent:
        raise SerVaeError(
            f"corpus {corpus.name}, data={style or 'complete'}: no usable utterance of "
            f"{', '.join(absent)} among {len(selected)}.\n`python -m ser_vae.check corpus=…` "
            "counts what there is, and lists files to repair. Or remove the class from the corpus."
        )
    return selected


UNLABELLED = "unlabelled"  # the name of the set that these utterances form


def of_training_speakers(
    others: Sequence[Utterance],
    utterances: Sequence[Utterance],
    parts: Sequence[str],
    style: Style | None,
) -> list[Utterance]:
    """Return the utterances with other labels that pretraining may use, sorted by id.

    Their speaker is in the training set. If the split separates speakers, sessions, dialogues or
    scripts, they belong to none of the held-out ones.

    Args:
        others: utterances whose label is not one of the classes; it is ignored.
        utterances: those of the classes.
        parts: "train", "validation" or "test" for each of `utterances`.
        style: of the subset; None for all.

    Raises:
        SerVaeError: there is none.
    """
    assigned = list(zip(utterances, parts, strict=True))
    train = [utterance for utterance, part in assigned if part == "train"]
    held_out = [utterance for utterance, part in assigned if part != "train"]
    speakers = {known_speaker(utterance) for utterance in train} - {None}
    allowed = [u for u in others if known_speaker(u) in speakers and style in (None, u.style)]
    for group_of in GROUPS.values():
        excluded = {group_of(utterance) for utterance in held_out} - {None}
        if not excluded & {group_of(utterance) for utterance in train}:
            allowed = [utterance for utterance in allowed if group_of(utterance) not in excluded]
    if not allowed:
        raise SerVaeError(
            f"unlabelled=true: none of the {len(others)} utterances with other labels is by a "
            "speaker who is only in the training set.\nUse unlabelled=false."
        )
    return sorted(allowed, key=lambda utterance: utterance.id)
