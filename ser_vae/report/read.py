"""A run folder -> a `Run`."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yaml import YAMLError  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.evaluation import predictions
from ser_vae.evaluation.predictions import Predictions
from ser_vae.report.findings import (
    Findings,
    Policy,
    audit_of,
    health_of,
    leak_panel_of,
    probes_of,
)
from ser_vae.report.record import CALIBRATION, METRICS, Result, Run, State
from ser_vae.report.settings import deviations, read_config, settings_of
from ser_vae.run_folder import RunFolder

Metrics = Mapping[str, Any]

# What a file that is not as a run writes it ends in: infinite counts, and lists in lists without
# end, among them.
UNLIKE = (
    *(ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError),
    YAMLError,
)


class NotARunError(SerVaeError):
    """A folder that looks like a run's and can't be read as one."""


def read(folder: RunFolder, name: str) -> Run:
    """Read a run folder; `name` is what a report calls it.

    Raises:
        NotARunError: a file is missing, half-written, or not as a run writes it.
    """
    with _as_written(folder.config):
        config = read_config(folder.config)
        choice, seed, fold = config["choice"], int(config["seed"]), config["fold"]
        data, model, protocol = choice["data"], choice["model"], choice["split"]
        settings, different = settings_of(config), deviations(config)
        if "logger" not in config:  # the last key: settings before it are gone, too
            raise KeyError("logger")
    ending = f"seed{seed}" if fold is None else f"fold{fold}-seed{seed}"
    corpus = _corpus(folder.path, f"{model}-{data}", ending)
    state, reason, result = _outcome(folder, name, protocol, fold)
    return Run(
        name, state, reason, corpus, protocol, data, model, seed, fold, settings, different, result
    )


def _corpus(path: Path, before: str, ending: str) -> str:
    """The corpus's name, which the configuration does not have: the folder's name does."""
    form = rf"{re.escape(before)}-(.+)-{re.escape(ending)}-[0-9a-f]+"
    found = re.fullmatch(form, path.resolve().name)
    if not found:
        raise NotARunError(
            f"config.yaml belongs to a folder named {before}-CORPUS-{ending}-ADDRESS"
        )
    return found[1]


def _outcome(
    folder: RunFolder, name: str, protocol: str, fold: int | None
) -> tuple[State, str, Result | None]:
    if folder.finished:
        with _as_written(folder.metrics):
            metrics = folder.read_metrics()
            prefix = f"{protocol}/test/"
            return "finished", "", _result(folder, name, metrics, prefix, fold)
    if folder.error.exists():
        with _as_written(folder.error):
            return "failed", _reason(folder.error.read_text(encoding="utf-8")), None
    return "unfinished", "", None


def _result(
    folder: RunFolder, name: str, metrics: Metrics, prefix: str, fold: int | None
) -> Result:
    return Result(
        score=_scores(metrics, prefix),
        majority=_scores(metrics["majority"], prefix),
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
        findings=(_findings(folder, name, metrics, prefix, fold),),
    )


def _scores(metrics: Metrics, prefix: str) -> dict[str, float]:
    named = [*METRICS, *(name for name in CALIBRATION if prefix + name in metrics)]
    return {name: float(metrics[prefix + name]) for name in named}


def _findings(
    folder: RunFolder, name: str, metrics: Metrics, prefix: str, fold: int | None
) -> Findings:
    """A run that is older than one of these keys is read without it."""
    audit, panel, health, probes = map(metrics.get, ("audit", "leak_panel", "health", "probes"))
    policies = metrics.get("policies") or {}
    count = int(metrics["counts"]["test"]["utterances"])
    said = {policy: _predictions(folder.policy(policy), count) for policy in policies}
    headline = _predictions(folder.predictions, count)
    return Findings(
        folder=name,
        fold=fold,
        utterances=count,
        audit=audit_of(audit) if audit else None,
        leak_panel=leak_panel_of(panel) if panel else None,
        health=health_of(health) if health else None,
        probes=probes_of(probes) if probes else {},
        predictions=headline,
        policies={
            policy: _policy(found, policies[policy], prefix)
            for policy, found in said.items()
            if found
        },
        lost=(
            *([] if headline else [folder.predictions.name]),
            *(f"policies/{policy}.csv" for policy, found in said.items() if not found),
        ),
    )


def _predictions(path: Path, count: int) -> Predictions | None:
    if not path.exists():
        return None
    try:
        found = predictions.read(path)
    except SerVaeError as error:
        raise NotARunError(f"{path.name} is not as a run writes it") from error
    if len(found.utterance) != count:
        said = f"{len(found.utterance)} utterances, and metrics.json of {count}"
        raise NotARunError(f"{path.name} is not as a run writes it: it tells of {said}")
    return found


def _policy(found: Predictions, scores: Metrics, prefix: str) -> Policy:
    calibration = {name: float(scores[prefix + name]) for name in CALIBRATION}
    return Policy(found, calibration, bool(scores["leaks"]))


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
    except UNLIKE as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        raise NotARunError(f"{file.name} is not as a run writes it: {said}") from error
