"""The curves of a stage as a table: one row an epoch, kept through an interruption."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.loggers import Logger

from ser_vae.files import write_text


class History(Checkpoint):
    """Writes every metric of every finished epoch to `path`; resumed, it goes on from there.

    A `Checkpoint` to Lightning, which calls those behind the module's own hook: an epoch's metrics
    are complete by then. It has to stand before `ModelCheckpoint`, which saves its rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.rows.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **metrics})
        if trainer.is_global_zero:
            self._write()

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])

    def _write(self) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self.rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self.path, text.getvalue())


def read(path: Path) -> list[dict[str, float]]:
    """The rows of a stage's curves, an epoch each."""
    with path.open(newline="") as file:
        return [{name: float(v) for name, v in row.items()} for row in csv.DictReader(file)]


def replay(path: Path, loggers: Sequence[Logger]) -> None:
    """Give loggers the curves of a stage that an earlier run trained."""
    for row in read(path):
        metrics = {name: value for name, value in row.items() if name != "step"}
        for logger in loggers:
            logger.log_metrics(metrics, step=int(row["step"]))
