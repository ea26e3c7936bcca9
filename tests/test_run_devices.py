"""Several processes do one run: who sees what, who writes, how it ends when one of them dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import Command, Run, folders, table
from wandb_files import OFFLINE, parts

from ser_vae import SerVaeError
from ser_vae.run import configure, run, start
from ser_vae.sweep import journal

TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
HALVES = ("training.pretrain.batch_size=25", "training.classify.batch_size=8")
WHOLE = ("training.pretrain.batch_size=50", "training.classify.batch_size=16")


def launch(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    here = {name: value for name, value in os.environ.items() if name != "IEMOCAP_ROOT"}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        env={**here, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def by_hand(rank: int, *overrides: str) -> subprocess.Popen[str]:
    """A process as torchrun starts it, but with no torchrun to end it when another one dies."""
    return launch(
        "ser_vae.run",
        *overrides,
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        GROUP_RANK="0",
        WORLD_SIZE="2",
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(20000 + os.getpid() % 10000),
        TORCHELASTIC_RUN_ID="by hand",
    )


def wait_until(seen: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not seen():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_processes_started_from_outside_do_one_run_and_go_on_after_one_has_died(
    noise_command: list[str], tmp_path: Path
) -> None:
    """In double precision: float32 and Adam magnify the last bit to a part in a thousand."""
    exact = [*noise_command, "model=ae", "trainer.precision=64-true", "training.pretrain.epochs=12"]
    nodes = [*exact, "trainer=[cpu,nodes]", "trainer.num_nodes=1", "trainer.devices=2", *HALVES]
    runs = tmp_path / "runs"
    first, second = (by_hand(rank, *nodes) for rank in range(2))
    wait_until(lambda: any(runs.glob("pretrained/*/last.ckpt")), first)
    assert not any(runs.glob("pretrained/*/pretrained.ckpt"))
    second.send_signal(signal.SIGKILL)
    second.communicate()
    first.communicate(timeout=300)
    assert first.returncode == 1
    assert not any(runs.glob("random/*/metrics.json"))

    again = launch(*TORCHRUN, "ser_vae.run", *nodes, *OFFLINE)
    said, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    assert said.count("random/test/ua") == 1
    assert len(parts(runs)) == 1
    (two,) = folders(runs)
    run(configure(*exact, *WHOLE, f"runs={tmp_path / 'one'}"))
    (one,) = folders(tmp_path / "one")
    for name in ("pretrain", "classify"):
        curves = [
            [float(row[f"{name}/train/loss"]) for row in table(folder / f"{name}.csv")]
            for folder in (two, one)
        ]
        assert len(curves[0]) == {"pretrain": 12, "classify": 10}[name]
        assert curves[0] == pytest.approx(curves[1], rel=1e-6, abs=1e-6)
    written = {path.name for path in two.iterdir()} - {"wandb"}
    assert written == {path.name for path in one.iterdir()}
    said_of = [row["utterance"] for row in table(two / "predictions.csv")]
    tested = [row["utterance"] for row in table(two / "split.csv") if row["part"] == "test"]
    assert sorted(said_of) == sorted(tested)
    assert len(set(said_of)) == len(said_of) == 18


@pytest.mark.slow
def test_a_sweep_over_spawned_processes_starts_each_job_once(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    """Processes that launched the command again would be a second sweep (the usual trap)."""
    settings = ["trainer=[cpu,ddp]", "model=ae,majority", "classifier=functionals"]
    result = command("-m", *noise_command, *settings)
    assert result.returncode == 0, result.stderr
    assert len(folders(tmp_path / "runs")) == 2
    (sweep,) = (tmp_path / "runs" / ".sweeps").iterdir()
    events = [(event.job, event.state) for event in journal.read(sweep)]
    assert events == [(0, "running"), (0, "done"), (1, "running"), (1, "done")]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["trainer=[cpu,nodes]"], "expected trainer.devices=1 processes .* found 1 in all"),
        (["trainer.devices=2"], "several devices need a strategy"),
        (["trainer.precision=16-mixed"], "Lightning has it on a CUDA GPU alone"),
    ],
)
def test_what_would_be_another_run_than_asked_for_is_refused(
    run_noises: Run, overrides: list[str], said: str
) -> None:
    with pytest.raises(SerVaeError, match=said):
        run_noises(*overrides)


def test_a_sweep_over_machines_is_refused(noise_command: list[str]) -> None:
    config = configure(*noise_command, "trainer=[cpu,nodes]", "hydra.mode=MULTIRUN")
    with pytest.raises(SerVaeError, match="each of the processes would launch the sweep"):
        start(config)
