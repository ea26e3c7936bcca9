"""An interrupted run goes on in its W&B run, which has every epoch of both stages once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb_files as read_back
from wandb_files import OFFLINE

from ser_vae.logger import offline
from ser_vae.logger.epochs import on_server
from ser_vae.logger.wandb import identity
from ser_vae.training.classify import Classify
from ser_vae.training.stage import Stage

Run = Callable[..., dict[str, Any]]

AE = ("model=ae", "training.classify.epochs=6", *OFFLINE)


def ids(runs: Path) -> set[str]:
    """Of the W&B run of each part that is recorded."""
    return {file.stem.removeprefix("run-") for file in read_back.parts(runs)}


def check_curves(found: list[Any]) -> None:
    assert sorted(read_back.epochs(found, "pretrain/train/loss")) == [0, 1, 2]
    assert sorted(read_back.epochs(found, "classify/train/loss")) == [0, 1, 2, 3, 4, 5]


def test_a_run_that_an_exception_ends_goes_on_in_its_record(
    run_noises: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Stage) -> None:
        if self.current_epoch == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Classify, "on_train_epoch_start", stop, raising=False)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            run_noises(*AE)
    before = read_back.records(tmp_path / "runs")
    assert read_back.exit_codes(before) == [1]
    assert read_back.epochs(before, "classify/train/loss") == [0, 1, 2]

    run_noises(*AE)
    assert len(read_back.parts(tmp_path / "runs")) == 2
    assert len(ids(tmp_path / "runs")) == 1
    found = read_back.records(tmp_path / "runs")
    check_curves(found)
    steps = [record.history.step.num for record in found if record.HasField("history")]
    assert steps == sorted(set(steps))  # W&B drops a row whose step is not above the last


@pytest.mark.slow
def test_a_killed_run_goes_on_in_its_record(noise_command: list[str], tmp_path: Path) -> None:
    """What W&B's service had not written yet is lost by a kill, and recorded again."""
    runs = tmp_path / "runs"
    killed = start(*noise_command, *AE)
    while not any(runs.glob("random/*/classify/*/last.ckpt")):
        assert killed.poll() is None, "the run ended before it could be killed"
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not any(runs.glob("random/*/metrics.json"))

    assert start(*noise_command, *AE).wait(400) == 0
    assert len(read_back.parts(runs)) == 2
    assert len(ids(runs)) == 1
    (folder,) = read_back.folders(runs)
    check_curves(list(offline.records(folder)))


def start(*overrides: str) -> subprocess.Popen[bytes]:
    """The command, with a W&B service of its own, not this process's."""
    hidden = ("IEMOCAP_ROOT", "WANDB_SERVICE")
    return subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", *overrides],
        env={name: value for name, value in os.environ.items() if name not in hidden},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_run_that_starts_over_is_another_in_wandb(tmp_path: Path) -> None:
    folder = tmp_path / "vae-complete-demo-seed0-0123abcd"
    first = identity(folder)
    assert identity(folder) == first
    assert first.startswith("0123abcd-")
    (folder / "wandb" / "id").unlink()
    assert identity(folder) != first


def test_what_the_server_has_follows_from_the_last_values() -> None:
    """A stage with another behind it is complete; the last one goes up to the last epoch."""
    epochs = {"pretrain": 2, "classify": 50}
    pretraining = {"pretrain/train/kl": 4.0, "epoch": 0, "_step": 3}
    assert on_server(pretraining, epochs) == {("pretrain/train/kl", 0)}
    classifying = {"pretrain/train/kl": 4.0, "classify/train/loss": 1.0, "epoch": 1}
    assert on_server(classifying, epochs) == {
        ("pretrain/train/kl", 0),
        ("pretrain/train/kl", 1),
        ("classify/train/loss", 0),
        ("classify/train/loss", 1),
    }
    assert on_server({}, epochs) == set()
