"""What every corpus is read into."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Style = Literal["improvised", "scripted"]

SYNTHETIC = "synthetic speech: this measures the software, not emotion recognition"


@dataclass(frozen=True)
class Utterance:
    """One recorded utterance and all that its corpus says of it; None where it says nothing."""

    id: str
    path: Path
    emotion: str
    speaker: str
    sex: Literal["F", "M"] | None = None
    session: str | None = None
    dialogue: str | None = None
    style: Style | None = None
    script: str | None = None  # what the words are drawn from: a scene, a statement
    start_s: float | None = None  # in the dialogue
    end_s: float | None = None
    part: Literal["train", "test"] | None = None  # where the corpus comes with a split


@dataclass(frozen=True)
class Corpus:
    """A corpus as read.

    Attributes:
        name: stands in every run name, metrics file, table and plot.
        emotions: the classes; class k of K is `emotions[k]`.
        utterances: those of the classes, sorted by id.
        others: those of any other label, sorted by id, `emotion` being the corpus's own code.
        synthetic: the voices are a program's: figures measure software, never emotion.
        expected: counts that a complete copy has, for `ser_vae.check`; empty where unknown.
        oddities: what was found and looks wrong, a sentence each.
    """

    name: str
    emotions: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    others: tuple[Utterance, ...] = ()
    synthetic: bool = False
    expected: dict[str, Any] = field(default_factory=dict)
    oddities: tuple[str, ...] = ()
