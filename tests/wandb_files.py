"""What W&B was given of a run, read back from its offline files."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from run_files import noise_settings

from ser_vae.logger import offline
from ser_vae.run import configure, run

SHORT = ("training.pretrain.batch_size=64", "training.classify.epochs=4")
OFFLINE = ("logger=wandb", "logger.wandb.mode=offline")


def folders(runs: Path) -> list[Path]:
    """Run folders that have a W&B record, sorted."""
    return sorted({file.parents[2] for file in parts(runs)})


def parts(runs: Path) -> list[Path]:
    """A file for each time that the run was started."""
    return sorted(runs.rglob("offline-run-*/run-*.wandb"))


def records(runs: Path) -> list[Any]:
    """All of it, as soon as W&B's service, which writes on its own time, has written the end."""
    for _ in range(100):
        found = [record for folder in folders(runs) for record in offline.records(folder)]
        ended = sum(record.HasField("exit") for record in found)
        if ended and ended == len(parts(runs)):
            return found
        time.sleep(0.1)
    raise AssertionError("W&B wrote no end of the run")


def exit_codes(found: Sequence[Any]) -> list[int]:
    return [int(record.exit.exit_code) for record in found if record.HasField("exit")]


def _named(items: Any) -> dict[str, Any]:
    return {i.key or "/".join(i.nested_key): json.loads(i.value_json) for i in items}


def history(found: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of `log`, in order."""
    return [_named(record.history.item) for record in found if record.HasField("history")]


def logged_keys(found: Sequence[Any]) -> set[str]:
    return {key for row in history(found) for key in row}


def epochs(found: Sequence[Any], metric: str) -> list[int]:
    """Those at which a metric was logged, in order."""
    return [row["epoch"] for row in history(found) if metric in row]


def summary(found: Sequence[Any]) -> dict[str, Any]:
    """As it is in the end."""
    said: dict[str, Any] = {}
    for record in found:
        said |= _named(record.summary.update)
    return said


def config(found: Sequence[Any]) -> dict[str, Any]:
    return {
        key: value
        for record in found
        if record.HasField("run")
        for key, value in _named(record.run.config.update).items()
    }


def header(found: Sequence[Any]) -> Any:
    """Of a run that was opened once."""
    (run_record,) = [record.run for record in found if record.HasField("run")]
    return run_record


def artifacts(found: Sequence[Any]) -> list[Any]:
    return [record.artifact for record in found if record.HasField("artifact")]


@pytest.fixture(scope="session")
def recorded(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs folder of one CVAE on the noises, recorded offline; made once for all tests."""
    runs = tmp_path_factory.getbasetemp() / "recorded"
    if not runs.exists():
        run(configure(*noise_settings(noises, cache, runs), *SHORT, "model=cvae", *OFFLINE))
    return runs
