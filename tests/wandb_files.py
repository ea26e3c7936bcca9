"""What a run gives to W&B: a real offline run whose calls are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import wandb
from run_files import folders, noise_settings

from ser_vae.run import configure, run
from ser_vae.run_folder import RunFolder

SHORT = ("training.pretrain.batch_size=64", "training.classify.epochs=4")
OFFLINE = ("logger=wandb", "logger.wandb.mode=offline")


def parts(runs: Path) -> list[Path]:
    """Return the offline files of all attempts of all runs, the oldest first."""
    return sorted(runs.rglob("offline-run-*/run-*.wandb"))


class RecordedRun:
    """An opened W&B run that also keeps what it is given."""

    def __init__(self, opened: Any, settings: dict[str, Any]) -> None:
        self.opened, self.settings = opened, settings
        self.rows: list[tuple[int, dict[str, Any]]] = []  # W&B's step, metrics
        self.axes: dict[str, str] = {}
        self.artifacts: dict[str, Any] = {}
        self.final_summary: dict[str, Any] = {}
        self.exit_code: int | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.opened, name)

    def define_metric(self, name: str, step_metric: str) -> None:
        self.axes[name] = step_metric
        self.opened.define_metric(name, step_metric=step_metric)

    def log(self, row: dict[str, Any], step: int | None = None) -> None:
        self.rows.append((self.opened.step if step is None else step, row))
        self.opened.log(row, step=step)

    def log_artifact(self, artifact: Any) -> None:
        self.artifacts[artifact.name] = artifact
        self.opened.log_artifact(artifact)

    def finish(self, exit_code: int) -> None:
        self.final_summary = dict(self.opened.summary)
        self.opened.finish(exit_code=exit_code)
        self.exit_code = exit_code

    @property
    def logged(self) -> dict[str, Any]:
        """The last value of each metric."""
        return {name: value for _, row in self.rows for name, value in row.items()}

    def curve(self, metric: str) -> list[tuple[int, float]]:
        """The epochs and values of a metric, in the order in which they were logged."""
        return [(row["epoch"], row[metric]) for _, row in self.rows if metric in row]


@contextmanager
def recording() -> Iterator[list[RecordedRun]]:
    """Keep what every W&B run that is opened in the block is given."""
    opened: list[RecordedRun] = []
    start = wandb.init

    def init(**settings: Any) -> RecordedRun:
        opened.append(RecordedRun(start(**settings), settings))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wandb, "init", init)
        yield opened


def record(noises: Path, features: Path, runs: Path) -> tuple[RecordedRun, RunFolder]:
    """Run a short CVAE on the noises with an offline W&B run."""
    settings = noise_settings(noises, features, runs)
    with recording() as opened:
        run(configure(*settings, *SHORT, "model=cvae", "label_policies=all", *OFFLINE))
    (folder,) = folders(runs)
    return opened[0], RunFolder(folder)
