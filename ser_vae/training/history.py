"""The curves of a stage as a table: one row per epoch, complete after an interruption too."""

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
    """Writes every metric of every finished epoch to `path`, and resumes with the stage.

    A subclass of `Checkpoint`, because Lightning calls those after the module's own hook, when an
    epoch's metrics are complete. It has to precede `ModelCheckpoint`, which saves its rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Log the epochs of earlier attempts again, so that the last one's record is complete."""
        log_rows(self.rows, trainer.loggers)

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


def read_curves(path: Path) -> list[dict[str, float]]:
    """Read the rows of a stage's curves, one per epoch."""
    with path.open(newline="") as file:
        return [{name: float(v) for name, v in row.items()} for row in csv.DictReader(file)]


def replay(path: Path, loggers: Sequence[Logger]) -> None:
    """Log the curves of a stage that was trained earlier."""
    log_rows(read_curves(path), loggers)


def log_rows(rows: Sequence[dict[str, float]], loggers: Sequence[Logger]) -> None:
    for row in rows:
        metrics = {name: value for name, value in row.items() if name != "step"}
        for logger in loggers:
            logger.log_metrics(metrics, step=int(row["step"]))
