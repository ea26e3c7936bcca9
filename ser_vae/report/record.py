"""One run, read back: the record that everything else of the report looks at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ser_vae.report.findings import Findings
from ser_vae.report.settings import Flat

METRICS = ("ua", "wa", "macro_f1")
CALIBRATION = ("nll", "ece")  # nats an utterance; 0 to 1

Confusion = tuple[tuple[int, ...], ...]

State = Literal["finished", "failed", "unfinished"]


@dataclass(frozen=True)
class Result:
    """What a report needs of metrics.json; scores are fractions of 1.

    Attributes:
        score, majority: METRICS, and CALIBRATION where it was measured, of the run and of the
            trivial baseline.
        confusion, majority_confusion: (K, K), rows the truth.
        folds: how many the protocol has.
        leaks: test labels reached the encoder.
        material: digest of the utterances, their labels and their audio.
        findings: what else the run says of itself, for each fold.
    """

    score: Mapping[str, float]
    majority: Mapping[str, float]
    confusion: Confusion
    majority_confusion: Confusion
    folds: int
    emotions: tuple[str, ...]
    test_utterances: int
    test_speakers: int
    test_speakers_in_train: int
    synthetic: bool
    leaks: bool
    material: str
    caveats: tuple[str, ...]
    findings: tuple[Findings, ...]


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        folder: relative to the folder that is reported on.
        state: an unfinished one was interrupted, or is at work now.
        reason: why it failed, in a line; empty otherwise.
        fold: of a protocol that has several.
        settings: all that decide the result, but the seed and the fold.
        deviations: `key=value` of those that differ from the defaults, by key.
        result: None unless finished.
    """

    folder: str
    state: State
    reason: str
    corpus: str
    protocol: str
    data: str
    model: str
    seed: int
    fold: int | None
    settings: Flat
    deviations: Mapping[str, str]
    result: Result | None
