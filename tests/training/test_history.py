"""The curves of a stage as a table."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from lightning.pytorch.loggers import Logger

from ser_vae.training.history import History, log_rows, read_curves


def epoch(number: int, loss: float, *, first: bool = True) -> Any:
    """What `History` sees of a Trainer at the end of an epoch of ten steps."""
    return SimpleNamespace(
        callback_metrics={"toy/train/loss": torch.tensor(loss, dtype=torch.float64)},
        current_epoch=number,
        global_step=10 * (number + 1),
        is_global_zero=first,
    )


def written(path: Path, *losses: float) -> History:
    history = History(path)
    for number, loss in enumerate(losses):
        history.on_train_epoch_end(epoch(number, loss), None)
    return history


class Recording(Logger):
    """A logger that keeps what it logs."""

    def __init__(self) -> None:
        self.logged: list[tuple[dict[str, float], int]] = []

    name = version = None

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:
        self.logged.append((metrics, step))

    def log_hyperparams(self, *_: Any) -> None:
        raise AssertionError


def test_a_row_an_epoch_with_every_digit(tmp_path):
    losses = (1 / 3, 2e-7, 135.0)
    written(tmp_path / "toy.csv", *losses)
    assert read_curves(tmp_path / "toy.csv") == [
        {"epoch": n, "step": 10 * (n + 1), "toy/train/loss": loss} for n, loss in enumerate(losses)
    ]


def test_resumed_it_goes_on_behind_the_rows_it_had_saved(tmp_path):
    """The epoch that was written but not saved is trained, and written, anew."""
    saved = written(tmp_path / "toy.csv", 3.0, 2.0).state_dict()
    written(tmp_path / "toy.csv", 3.0, 2.0, 99.0)
    resumed = History(tmp_path / "toy.csv")
    resumed.load_state_dict(saved)
    resumed.on_train_epoch_end(epoch(2, 1.0), None)
    assert [row["toy/train/loss"] for row in read_curves(tmp_path / "toy.csv")] == [3.0, 2.0, 1.0]


def test_one_process_of_several_writes(tmp_path):
    History(tmp_path / "toy.csv").on_train_epoch_end(epoch(0, 1.0, first=False), None)
    assert not (tmp_path / "toy.csv").exists()


def test_curves_are_logged_epoch_by_epoch_at_their_steps(tmp_path):
    written(tmp_path / "toy.csv", 3.0, 2.0)
    loggers = [Recording(), Recording()]
    log_rows(read_curves(tmp_path / "toy.csv"), loggers)
    assert loggers[0].logged == loggers[1].logged
    assert loggers[0].logged == [
        ({"epoch": 0, "toy/train/loss": 3.0}, 10),
        ({"epoch": 1, "toy/train/loss": 2.0}, 20),
    ]
