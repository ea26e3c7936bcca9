"""Represent every corpus in one form, and compare a copy of a corpus with a complete one."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

Style = Literal["improvised", "scripted"]
Part = Literal["train", "validation", "test"]

UNKNOWN_SPEAKER = "unknown"  # the speaker of an utterance whose corpus does not name one
NAMES_IN_LINE = 3  # names in the first line of a warning; if there are more, a list of all follows
SYNTHETIC = "synthetic speech: this measures the software, not emotion recognition"


@dataclass(frozen=True)
class Utterance:
    """One recorded utterance with what its corpus states about it; None where it states nothing."""

    id: str
    path: Path
    emotion: str
    speaker: str
    sex: Literal["F", "M"] | None = None
    session: str | None = None
    dialogue: str | None = None
    style: Style | None = None
    script: str | None = None  # the text or scene that is spoken: a statement, a scenario
    start_s: float | None = None  # in the dialogue
    end_s: float | None = None
    part: Part | None = None  # if the corpus defines a split
    clip: tuple[float, float] | None = None  # start and end in the file, s; None for all of it
    language: str | None = None
    corpus: str | None = None  # of several that are joined, see `corpus.joined`


def is_unknown(speaker: str) -> bool:
    """Return whether the speaker is unknown: "unknown", or "emodb/unknown" in joined corpora."""
    return speaker.rpartition("/")[2] == UNKNOWN_SPEAKER


def normalise_speaker(name: str) -> str:
    """Return the name of a speaker, or UNKNOWN_SPEAKER for its spellings in another case."""
    return UNKNOWN_SPEAKER if name.casefold() == UNKNOWN_SPEAKER else name


def known_speaker(utterance: Utterance) -> str | None:
    return None if is_unknown(utterance.speaker) else utterance.speaker


# What utterances can have in common, by name; each function returns None where it is unknown.
GROUPS: Mapping[str, Callable[[Utterance], str | None]] = {
    "speaker": known_speaker,
    **{name: attrgetter(name) for name in ("session", "dialogue", "script", "language", "corpus")},
}


@dataclass(frozen=True)
class Corpus:
    """A corpus as read from disk.

    Attributes:
        name: appears in every run name, metrics file, table and plot.
        emotions: the classes; class k of K is `emotions[k]`.
        utterances: those of the classes, sorted by id.
        others: those with any other label, sorted by id; `emotion` is the corpus's own label.
        synthetic: whether the speech is synthesised: scores then measure only the software.
        expected: counts of a complete copy, see `expected_counts`; empty if unknown.
        warnings: what looks wrong in this copy; lines after the first of each are details.
    """

    name: str
    emotions: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    others: tuple[Utterance, ...] = ()
    synthetic: bool = False
    expected: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def expected_counts(
    released: Mapping[str, Mapping[str, int]], classes: Mapping[str, Sequence[str]], **totals: float
) -> dict[str, Any]:
    """Sum the counts of a complete copy by class, for `Corpus.expected`.

    Args:
        released: label -> style, or "complete" where the corpus has no styles -> utterances.
        classes: class -> labels.
        totals: further figures of a complete copy, as far as they are known: `speakers`, `hours`
            (of all utterances), `sample_rate_hz`, `channels`.

    Returns:
        `classes`: class -> style -> utterances; `others`: utterances with other labels; `totals`.
    """
    counts = {emotion: Counter[str]() for emotion in classes}
    for emotion, labels in classes.items():
        for label in labels:
            counts[emotion].update(released.get(label, {}))
    total = sum(sum(by_style.values()) for by_style in released.values())
    others = total - sum(by_style.total() for by_style in counts.values())
    return {"classes": counts, "others": others, **totals}


def list_warning(what: str, names: Collection[str]) -> tuple[str, ...]:
    """Return a warning that counts and lists `names`, or nothing where there are none.

    Its first line is complete in itself; further lines are there if not all names fit into it.
    """
    ordered = sorted(names)
    line = f"{len(ordered):,} {what}: {', '.join(ordered[:NAMES_IN_LINE])}"
    if len(ordered) > NAMES_IN_LINE:
        line = "\n".join([f"{line} and {len(ordered) - NAMES_IN_LINE:,} more", *ordered])
    return (line,) if ordered else ()


def corpus_warnings(corpus: Corpus) -> list[str]:
    """List what looks wrong, as far as that is known without the audio."""
    counts = Counter((u.emotion, u.style or "complete") for u in corpus.utterances)
    differences = [
        f"{emotion}{'' if style == 'complete' else f' {style}'} {counts[emotion, style]:,} of "
        f"{expected:,}"
        for emotion, by_style in corpus.expected.get("classes", {}).items()
        for style, expected in by_style.items()
        if counts[emotion, style] != expected
    ]
    incomplete = f"differs from a complete copy: {', '.join(differences)}"
    return [incomplete, *corpus.warnings] if differences else [*corpus.warnings]


def class_line(corpus: Corpus) -> str:
    """Name the classes with their number of utterances, in one line."""
    counts = Counter(utterance.emotion for utterance in corpus.utterances)
    classes = ", ".join(f"{emotion} {counts[emotion]:,}" for emotion in corpus.emotions)
    return f"{len(corpus.emotions)} classes: {classes} utterances"


def warning_line(corpus: Corpus) -> str | None:
    """Join the first lines of all warnings; None if there are none."""
    warnings = corpus_warnings(corpus)
    line = "; ".join(warning.partition("\n")[0] for warning in warnings)
    if any("\n" in warning for warning in warnings):
        line += "; `python -m ser_vae.check corpus=…` lists all"
    return line or None
