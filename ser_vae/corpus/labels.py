"""From a corpus's own emotion codes to the classes of an experiment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance


def class_of_code(emotions: Mapping[str, Sequence[str]], codes: Collection[str]) -> dict[str, str]:
    """Turn class -> codes around into code -> class; a code in no class stays out.

    Raises:
        SerVaeError: fewer than two classes, a class without a code, a code that is not among
            `codes` or is in two classes.
    """
    if len(emotions) < 2:
        raise SerVaeError(f"corpus.emotions has {len(emotions)} classes, expected two or more")
    class_of: dict[str, str] = {}
    for emotion, members in emotions.items():
        if not members:
            raise SerVaeError(f"corpus.emotions.{emotion} has no code")
        for code in members:
            if code not in codes:
                known = ", ".join(sorted(codes))
                raise SerVaeError(f"corpus.emotions.{emotion}: {code!r} is none of {known}")
            if code in class_of:
                raise SerVaeError(f"corpus.emotions: {code} is in {class_of[code]} and {emotion}")
            class_of[code] = emotion
    return class_of


def sort_into_classes(
    labelled: Iterable[Utterance], class_of: Mapping[str, str]
) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Utterances of a class, renamed to it, and the others, as they are: each sorted by id.

    Raises:
        SerVaeError: two utterances of one id.
    """
    ordered = sorted(labelled, key=lambda each: each.id)
    for first, second in pairwise(ordered):
        if first.id == second.id:
            raise SerVaeError(f"{first.id} is there twice, remove one: {first.path}, {second.path}")
    classes = [replace(u, emotion=class_of[u.emotion]) for u in ordered if u.emotion in class_of]
    others = [utterance for utterance in ordered if utterance.emotion not in class_of]
    return tuple(classes), tuple(others)
