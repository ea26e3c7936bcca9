"""Loggers that write files: several at once, both stages in each."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ser_vae import SerVaeError

Run = Callable[..., dict[str, Any]]
BOTH_STAGES = {"pretrain/train/loss", "classify/train/loss"}


def test_csv_and_tensorboard_at_once_hold_both_stages(run_noises: Run, tmp_path: Path) -> None:
    run_noises("logger=[csv,tensorboard]")
    (table,) = (tmp_path / "runs").rglob("csv/metrics.csv")
    assert set(csv.DictReader(table.read_text().splitlines()).fieldnames or ()) >= BOTH_STAGES
    assert (table.parent / "hparams.yaml").exists()
    (events,) = (tmp_path / "runs").rglob("tensorboard")
    accumulator = EventAccumulator(str(events))
    accumulator.Reload()
    assert set(accumulator.Tags()["scalars"]) >= BOTH_STAGES


def test_without_tensorboard_the_error_says_what_to_install(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ser_vae.logger.tensorboard.find_spec", lambda _: None)
    with pytest.raises(SerVaeError, match=r"(?s)not installed.*pip install tensorboard"):
        run_noises("logger=[tensorboard]")
