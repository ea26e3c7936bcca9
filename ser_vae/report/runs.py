"""Read the run folders below a folder into two data frames: runs, and predictions.

A run folder's files are the only contract between a run and its report; see `ser_vae.run_folder`.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from yaml import CSafeLoader, YAMLError, load  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.run_folder import NOT_ADDRESSED, without_places

METRICS = ("ua", "wa", "macro_f1", "nll", "ece")  # fractions of 1; nll in nats per utterance
NAMES = ("utterance", "speaker", "dialogue", "truth", "guess")  # columns of predictions.csv
P = "p_"  # prefix of a column of probabilities
HEADLINE = ""  # in place of a label policy: predictions.csv itself
RUN_FILES = {"config.yaml", "metrics.json", "error.txt", "predictions.csv", "split.csv"}
DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, YAMLError)

NEEDED = ("corpus", "synthetic", "leaks", "caveats", "emotions", "folds")  # of metrics.json

Record = dict[str, Any]


@dataclass(frozen=True)
class RunFrames:
    """All runs below a folder.

    Attributes:
        folder: where they lie.
        runs: one row per run: folder (relative), state (finished, failed, unfinished), reason,
            corpus, protocol, data, model, seed, fold (NaN: none), settings (dotted key -> text),
            overrides (of its command), files (names in its folder); of a finished run also
            policies (names), written (when, in s) and metrics.json, with dotted keys and without
            the protocol's prefix: ua, majority.ua, audit.verdict, policies.null.ua, …
        predictions: one row per test utterance, run (its folder) and label policy: run, policy
            (HEADLINE: predictions.csv), NAMES, and one column of probabilities per emotion.
        damaged: folder -> why it can't be read as a run.
    """

    folder: Path
    runs: pd.DataFrame
    predictions: pd.DataFrame
    damaged: Mapping[str, str]


def load_runs(folder: Path) -> RunFrames:
    """Read every run below `folder`; a damaged one is named and passed over.

    Raises:
        SerVaeError: there is no run.
    """
    records, tables, damaged = [], [pd.DataFrame(columns=["run", "policy"])], {}
    for path in find_run_folders(folder):
        name = path.relative_to(folder).as_posix()
        try:
            record, predictions = read_run(path)
        except DAMAGED as error:
            damaged[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        records.append({"folder": name, **record})
        tables += [table.assign(run=name, policy=policy) for policy, table in predictions.items()]
    if not records:
        reasons = "".join(f"  {name}: {reason}\n" for name, reason in damaged.items())
        raise SerVaeError(
            f"{folder}: expected a folder that runs were written to, found no run in it.\n{reasons}"
            f"Make one with: python -m ser_vae.run model=vae runs={folder}"
        )
    return RunFrames(folder, pd.DataFrame(records), pd.concat(tables), damaged)


def find_run_folders(folder: Path) -> Iterator[Path]:
    """Yield the run folders below `folder`, sorted; not hidden ones, nor those inside a run."""
    for parent, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if not RUN_FILES.isdisjoint(files):
            below.clear()
            yield Path(parent)


def read_run(path: Path) -> tuple[Record, dict[str, pd.DataFrame]]:
    """Return a run's row of the frame, and label policy -> its predictions.

    Raises:
        DAMAGED: a file is missing, incomplete, or not as a run writes it.
    """
    config = load((path / "config.yaml").read_text(encoding="utf-8"), CSafeLoader)
    choice, seed, fold = config["choice"], int(config["seed"]), config["fold"]
    data, model, protocol = (str(choice[group]) for group in ("data", "model", "split"))
    record: Record = {"protocol": protocol, "data": data, "model": model, "seed": seed}
    record |= {"fold": fold, "settings": settings_of(config), "state": "unfinished", "reason": ""}
    record["files"] = frozenset(file.name for file in path.iterdir())
    command = (path / "command.txt").read_text("utf-8") if "command.txt" in record["files"] else ""
    record["overrides"] = [word.lstrip("+~") for word in shlex.split(command) if "=" in word]
    if (path / "metrics.json").exists():
        metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
        named = flatten(metrics).items()
        values = {key.replace(f"{protocol}/test/", ""): value for key, value in named}
        record |= {"state": "finished", "policies": [*(metrics.get("policies") or {})]}
        record["written"] = (path / "metrics.json").stat().st_mtime
        record = values | record | {metric: float(values[metric]) for metric in METRICS}
        record |= {key: values[key] for key in ("majority.confusion", *NEEDED)}
        stored = {HEADLINE: path / "predictions.csv"}
        stored |= {name: path / "policies" / f"{name}.csv" for name in record["policies"]}
        count, emotions = record["counts.test.utterances"], record["emotions"]
        return record, {name: read_predictions(p, count, emotions) for name, p in stored.items()}
    corpus = re.fullmatch(rf"{model}-{data}-(.+?)(-fold\d+)?-seed.*", path.resolve().name)
    record["corpus"] = corpus[1] if corpus else "unknown"
    if (path / "error.txt").exists():
        error = (path / "error.txt").read_text(encoding="utf-8")
        lines = re.findall(r"^[\w.]+(?:Error|Exception|Exit)\b.*", error, re.MULTILINE)
        record |= {"state": "failed", "reason": (lines or ["see error.txt"])[-1]}
    return record, {}


def read_predictions(path: Path, count: int, emotions: list[str]) -> pd.DataFrame:
    """Read predictions.csv, every digit of a probability as it was written.

    Raises:
        ValueError: it lacks a column or a number, or has not `count` utterances of `emotions`.
    """
    columns = [*NAMES, *(P + emotion for emotion in emotions)]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)  # a speaker may be called NA
    if [*frame] != columns or len(frame) != count or not {*frame["truth"]} <= {*emotions}:
        raise ValueError(f"{path.name}: expected {count} rows of {', '.join(columns)}")
    frame = frame.astype(dict.fromkeys(columns[len(NAMES) :], float))
    if not np.isfinite(frame.select_dtypes("number")).all(axis=None):
        raise ValueError(f"{path.name}: a probability is not a number")
    return frame


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return what decides a run's scores, but seed and fold: dotted key -> value as text.

    What was chosen of a group, such as classifier=lstm, is a setting `classifier`, in place of the
    class that the option names.
    """
    decisive = {k: v for k, v in config.items() if k not in (*NOT_ADDRESSED, "seed", "fold")}
    decisive["corpus"] = without_places(decisive["corpus"])
    settings = {k: as_text(v) for k, v in flatten(decisive).items()}
    for group in [key for key, section in decisive.items() if isinstance(section, Mapping)]:
        module = settings.pop(f"{group}._target_", "").rpartition(".")[0].rpartition(".")[2]
        if option := config["choice"].get(group) or module:
            settings[group] = as_text(option)
    return settings


def as_text(value: Any) -> str:
    """Return a setting's value as the command line has it."""
    return json.dumps(value).replace('"', "")


def flatten(values: Mapping[str, Any]) -> Record:
    """Return {"a.b": 1} for {"a": {"b": 1}}."""
    return dict(pd.json_normalize(dict(values)).to_dict("records")[0])
