"""The form into which every corpus is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

Style = Literal["improvised", "scripted"]
Part = Literal["train", "validation", "test"]

UNKNOWN_SPEAKER = "unknown"  # the speaker of an utterance whose corpus does not name one
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
    """Whether the speaker is unknown: "unknown", or "emodb/unknown" in joined corpora."""
    return speaker.rpartition("/")[2] == UNKNOWN_SPEAKER


def known_speaker(utterance: Utterance) -> str | None:
    return None if is_unknown(utterance.speaker) else utterance.speaker


# What utterances can have in common, by name; each function returns None where it is unknown.
GROUPS: Mapping[str, Callable[[Utterance], str | None]] = {
    "speaker": known_speaker,
    "session": lambda utterance: utterance.session,
    "dialogue": lambda utterance: utterance.dialogue,
    "script": lambda utterance: utterance.script,
    "language": lambda utterance: utterance.language,
    "corpus": lambda utterance: utterance.corpus,
}


@dataclass(frozen=True)
class Corpus:
    """A corpus as read from disk.

    Attributes:
        name: appears in every run name, metrics file, table and plot.
        emotions: the classes; class k of K is `emotions[k]`.
        utterances: those of the classes, sorted by id.
        others: those with any other label, sorted by id; `emotion` is the corpus's own label.
        synthetic: whether a program speaks, so that scores measure the software, never emotion.
        expected: counts of a complete copy, see `completeness.expected_counts`; empty if unknown.
        warnings: what looks wrong in this copy; lines after the first of each are details.
    """

    name: str
    emotions: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    others: tuple[Utterance, ...] = ()
    synthetic: bool = False
    expected: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class CorpusReader(Protocol):
    """A function that reads a corpus, given the other keys of its group in conf/corpus by name.

    Raises:
        SerVaeError: the corpus is not there, or is not what its settings say.
    """

    def __call__(self, *args: Any, **settings: Any) -> Corpus: ...
