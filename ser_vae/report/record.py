"""One run folder, read back."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from yaml import YAMLError  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.report.settings import Flat, deviations, read_yaml, settings_of
from ser_vae.run_folder import RunFolder

METRICS = ("ua", "wa", "macro_f1")

Confusion = tuple[tuple[int, ...], ...]

State = Literal["finished", "failed", "unfinished"]


class NotARunError(SerVaeError):
    """A folder that looks like a run's and can't be read as one."""


@dataclass(frozen=True)
class Result:
    """What a report needs of metrics.json; scores are fractions of 1.

    Attributes:
        score, majority: of METRICS, the run's own and the trivial baseline's.
        confusion, majority_confusion: (K, K), rows the truth.
        folds: how many the protocol has.
        leaks: test labels reached the encoder.
        material: digest of the utterances, their labels and their audio.
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


def read(folder: RunFolder, name: str) -> Run:
    """Read a run folder; `name` is what a report calls it.

    Raises:
        NotARunError: a file is missing, half-written, or not as a run writes it.
    """
    with _as_written(folder.config):
        config = read_yaml(folder.config)
        choice, seed, fold = config["choice"], int(config["seed"]), config["fold"]
        data, model, protocol = choice["data"], choice["model"], choice["split"]
        settings, different = settings_of(config), deviations(config)
    ending = f"seed{seed}" if fold is None else f"fold{fold}-seed{seed}"
    corpus = _corpus(folder.path, f"{model}-{data}", ending)
    state, reason, result = _outcome(folder, protocol)
    return Run(
        name, state, reason, corpus, protocol, data, model, seed, fold, settings, different, result
    )


def _corpus(path: Path, before: str, ending: str) -> str:
    """The corpus's name, which the configuration does not have: the folder's name does."""
    form = rf"{re.escape(before)}-(.+)-{ending}-[0-9a-f]+"
    found = re.fullmatch(form, path.resolve().name)
    if not found:
        raise NotARunError(
            f"config.yaml belongs to a folder named {before}-CORPUS-{ending}-ADDRESS"
        )
    return found[1]


def _outcome(folder: RunFolder, protocol: str) -> tuple[State, str, Result | None]:
    if folder.finished:
        with _as_written(folder.metrics):
            return "finished", "", _result(folder.read_metrics(), f"{protocol}/test/")
    if folder.error.exists():
        with _as_written(folder.error):
            return "failed", _reason(folder.error.read_text(encoding="utf-8")), None
    return "unfinished", "", None


def _result(metrics: Mapping[str, Any], prefix: str) -> Result:
    return Result(
        score={name: float(metrics[prefix + name]) for name in METRICS},
        majority={name: float(metrics["majority"][prefix + name]) for name in METRICS},
        confusion=tuple(map(tuple, metrics[prefix + "confusion"])),
        majority_confusion=tuple(map(tuple, metrics["majority"][prefix + "confusion"])),
        folds=int(metrics["folds"]),
        emotions=tuple(metrics["emotions"]),
        test_utterances=int(metrics["counts"]["test"]["utterances"]),
        test_speakers=int(metrics["test_speakers"]),
        test_speakers_in_train=int(metrics["test_speakers_in_train"]),
        synthetic=bool(metrics["synthetic"]),
        leaks=bool(metrics["leaks"]),
        material=str(metrics["material"]),
        caveats=tuple(metrics["caveats"]),
    )


def _reason(traceback: str) -> str:
    """The line that names the error: the first that is not indented after the last frames."""
    frames = traceback.rpartition("Traceback (most recent call last):\n")[2]
    lines = (line for line in frames.splitlines() if line and not line.startswith(" "))
    return next(lines, "error.txt says nothing")


@contextmanager
def _as_written(file: Path) -> Iterator[None]:
    """Name the file in whatever is wrong with it."""
    try:
        yield
    except OSError as error:
        raise NotARunError(f"{file.name}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, YAMLError) as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise NotARunError(f"{file.name} is not as a run writes it: {said}") from error
