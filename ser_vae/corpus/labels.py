"""From a corpus's own emotion codes to the classes of an experiment."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus, Utterance

FOUR = ("neutral", "happy", "sad", "angry")  # the classes of the paper, in its order

# What an experiment distinguishes: "four" (those of FOUR that the corpus has), "all" labels of the
# corpus, a list of its labels, or class -> labels.
Classes = str | Sequence[str] | Mapping[str, Sequence[str]]


def labels_of_classes(classes: Classes, labels: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return class -> its labels; a label of no class is left out.

    Raises:
        SerVaeError: a label is not among `labels`, or belongs to two classes.
    """
    if isinstance(classes, str):
        classes = [name for name in FOUR if name in labels] if classes == "four" else labels
    if not isinstance(classes, Mapping):
        classes = {name: [name] for name in classes}
    if len({*class_of_code(classes, labels, "corpus.classes").values()}) < 2:
        raise SerVaeError(
            f"corpus.classes: fewer than two classes: the labels are {', '.join(labels)}.\n"
            "Use corpus.classes=all, or name the labels of each class: {happy: [happy, joy], …}."
        )
    return classes


def class_of_code(
    emotions: Mapping[str, Sequence[str]], codes: Collection[str], setting: str = "corpus.emotions"
) -> dict[str, str]:
    """Invert class -> codes into code -> class; a code of no class is left out.

    Args:
        emotions: class -> codes.
        codes: all codes of the corpus.
        setting: name of the setting that holds `emotions`, for error messages.

    Raises:
        SerVaeError: a code is not among `codes`, or belongs to two classes.
    """
    class_of: dict[str, str] = {}
    for emotion, members in emotions.items():
        for code in members:
            if code not in codes:
                known = ", ".join(sorted(codes))
                raise SerVaeError(f"{setting}.{emotion}: {code!r} is not one of {known}")
            if code in class_of:
                raise SerVaeError(f"{setting}: {code} is in {class_of[code]} and {emotion}")
            class_of[code] = emotion
    return class_of


def make_corpus(
    name: str,
    classes: Mapping[str, Sequence[str]],
    labelled: Iterable[Utterance],
    *,
    others: Iterable[Utterance] = (),
    **known: Any,
) -> Corpus:
    """Sort utterances by id, and separate those of the classes from all others.

    Args:
        name: of the corpus.
        classes: class -> labels.
        labelled: utterances whose emotion is a label; it becomes their class if it is in one.
        others: further utterances, of no class.
        known: other attributes of the corpus.

    Raises:
        SerVaeError: two utterances have the same id.
    """
    class_of = {label: emotion for emotion, labels in classes.items() for label in labels}
    ordered = sorted(labelled, key=attrgetter("id"))
    for first, second in pairwise(ordered):
        if first.id == second.id:
            raise SerVaeError(
                f"{first.id} exists twice: {first.path}, {second.path}\nRemove one of the files."
            )
    others = sorted(
        [*others, *(u for u in ordered if u.emotion not in class_of)], key=attrgetter("id")
    )
    used = [replace(u, emotion=class_of[u.emotion]) for u in ordered if u.emotion in class_of]
    return Corpus(name, tuple(classes), tuple(used), tuple(others), **known)


def check_spellings(what: str, values: Iterable[str]) -> None:
    """Raise if two labels or speakers are most likely one, spelled in two ways.

    They differ only in case, spaces, Unicode form, invisible characters or the form of a number
    (1, 1.0, 01).

    Raises:
        SerVaeError: with both spellings.
    """
    spellings: dict[str, str] = {}
    for value in sorted(set(values)):
        other = spellings.setdefault(normalise_spelling(value), value)
        if other != value:
            raise SerVaeError(
                f"{what}: {other!r} and {value!r} differ only in case, spaces or the form of "
                "characters or numbers.\n"
                "Spell both in one way, or rename one of them if they are not the same."
            )


def normalise_spelling(text: str) -> str:
    """Return what all spellings of a label have in common; used for comparison only."""
    visible = [c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf"]
    words = re.sub(r"[\s_-]+", " ", "".join(visible)).strip().casefold()
    try:
        return repr(float(words))
    except ValueError:
        return words
