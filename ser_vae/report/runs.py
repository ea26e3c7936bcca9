"""Read the run folders below a folder into two data frames: runs, and predictions.

These files are all that a report knows of a run; `ser_vae.run_folder` describes them.
"""

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from yaml import CSafeLoader, YAMLError, load  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.evaluation import predictions
from ser_vae.run_folder import NOT_IN_RUN_HASH, RunFolder, without_paths
from ser_vae.settings import flatten
from ser_vae.terminal import track

METRICS = ("ua", "wa", "macro_f1", "nll", "ece")  # fractions of 1; nll in nats per utterance
MAIN = ""  # label policy of predictions.csv: the one that the run was made with
RUN_FILES = {"config.yaml", "metrics.json", "error.txt", "predictions.csv", "split.csv"}
DAMAGED = (OSError, SerVaeError, ValueError, LookupError, TypeError, AttributeError, YAMLError)

REQUIRED = ("corpus", "synthetic", "leaks", "caveats", "emotions", "folds")  # of metrics.json

Record = dict[str, Any]


@dataclass(frozen=True)
class RunFrames:
    """All runs below a folder.

    Attributes:
        folder: the folder that was searched.
        runs: one row per run: folder (relative), state (finished, failed, unfinished), reason,
            corpus, protocol, data, model, seed, fold (NaN: none), settings (dotted key -> text),
            overrides (of its command), files (names in its folder); for a finished run also
            policies (names), written (a time in s) and metrics.json, with dotted keys and without
            the prefix of the protocol: ua, majority.ua, audit.verdict, policies.null.ua, …
        predictions: one row per test utterance, run (its folder) and label policy: run, policy
            (MAIN: predictions.csv), COLUMNS, and one column of probabilities per emotion.
        damaged: folder -> why it cannot be read.
    """

    folder: Path
    runs: pd.DataFrame
    predictions: pd.DataFrame
    damaged: Mapping[str, str]


def load_runs(folder: Path) -> RunFrames:
    """Read every run below `folder`, except damaged ones.

    Raises:
        SerVaeError: the folder has no run.
    """
    records, tables, damaged = [], [pd.DataFrame(columns=["run", "policy"])], {}
    for path in track(find_run_folders(folder), "runs", None, transient=True):
        name = path.relative_to(folder).as_posix()
        try:
            record, by_policy = read_run(path)
        except DAMAGED as error:
            damaged[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        records.append({"folder": name, **record})
        tables += [table.assign(run=name, policy=policy) for policy, table in by_policy.items()]
    if not records:
        reasons = "".join(f"  {name}: {reason}\n" for name, reason in damaged.items())
        raise SerVaeError(
            f"{folder}: this folder has no run.\n{reasons}"
            f"Make one with: python -m ser_vae.run model=vae runs={folder}"
        )
    return RunFrames(folder, pd.DataFrame(records), pd.concat(tables), damaged)


def find_run_folders(folder: Path) -> Iterator[Path]:
    """Yield the run folders below `folder`, sorted; hidden folders are not searched."""
    for parent, below, files in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        if "config.yaml" in files:  # there are no runs in the folder of a run
            below.clear()
        if not RUN_FILES.isdisjoint(files):
            yield Path(parent)


def read_run(path: Path) -> tuple[Record, dict[str, pd.DataFrame]]:
    """Return the record of a run, and label policy -> predictions.

    Raises:
        DAMAGED: a file is missing, incomplete or malformed.
    """
    config = load((path / "config.yaml").read_text(encoding="utf-8"), CSafeLoader)
    choice, seed, fold = config["choice"], int(config["seed"]), config["fold"]
    data, model, protocol = (str(choice[group]) for group in ("data", "model", "split"))
    record: Record = {"protocol": protocol, "data": data, "model": model, "seed": seed}
    record |= {"fold": fold, "settings": settings_of(config), "state": "unfinished", "reason": ""}
    record["files"] = frozenset(file.name for file in path.iterdir())
    command = (path / "command.txt").read_text("utf-8") if "command.txt" in record["files"] else ""
    record["overrides"] = [item.lstrip("+~") for item in shlex.split(command) if "=" in item]
    run = RunFolder(path)
    if run.finished:
        metrics = run.read_metrics()
        values = {k.replace(f"{protocol}/test/", ""): v for k, v in flatten(metrics, ".").items()}
        record |= {"state": "finished", "policies": [*(metrics.get("policies") or {})]}
        record["written"] = run.metrics.stat().st_mtime
        record = values | record | {metric: float(values[metric]) for metric in METRICS}
        record |= {key: values[key] for key in ("majority.confusion", *REQUIRED)}
        files = {MAIN: run.predictions} | {name: run.policy(name) for name in record["policies"]}
        frames = {name: predictions.read(file) for name, file in files.items()}
        if {*map(len, frames.values())} != {record["counts.test.utterances"]}:
            raise ValueError("predictions.csv or policies/*.csv: other utterances were tested")
        return record, frames
    corpus = re.fullmatch(rf"{model}-{data}-(.+?)(-fold\d+)?-seed.*", path.resolve().name)
    record["corpus"] = corpus[1] if corpus else "unknown"
    if run.error.exists():
        error = run.error.read_text(encoding="utf-8")
        lines = re.findall(r"^[\w.]+(?:Error|Exception|Exit)\b.*", error, re.MULTILINE)
        record |= {"state": "failed", "reason": (lines or ["see error.txt"])[-1]}
    return record, {}


def settings_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Return all settings that can change a score, except seed and fold: dotted key -> text.

    The option of a group, such as classifier=lstm, is the setting `classifier`; the class that it
    names is left out.
    """
    decisive = {k: v for k, v in config.items() if k not in (*NOT_IN_RUN_HASH, "seed", "fold")}
    decisive["corpus"] = without_paths(decisive["corpus"])
    settings = flatten(decisive, ".") | {k: v for k, v in config["choice"].items() if k in decisive}
    as_text = {key: json.dumps(value).replace('"', "") for key, value in settings.items()}
    return {key: text for key, text in as_text.items() if not key.endswith("._target_")}
