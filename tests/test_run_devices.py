"""A run on two processes, spawned or under torchrun, ends with the numbers of one process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from run_files import Command, Run, comparable, folders

from ser_vae import SerVaeError

TORCHRUN = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ser_vae.run")
NODES = ("trainer=[cpu,nodes]", "trainer.num_nodes=1", "trainer.devices=2")
EXACT = ("model=ae", "trainer.precision=64-true", "model.hidden=[32]")  # one process, two: 1e-6
WHOLE = ("training.pretrain.batch_size=48", "training.classify.batch_size=16")
HALVES = ("training.pretrain.batch_size=24", "training.classify.batch_size=8")
QUARTERS = (
    *("training.pretrain.batch_size=12", "training.classify.batch_size=4"),
    *("trainer=[cpu,ddp]", "trainer.accumulate_grad_batches=2"),
)


def torchrun(*overrides: str) -> subprocess.Popen[str]:
    here = {name: value for name, value in os.environ.items() if name != "IEMOCAP_ROOT"}
    return subprocess.Popen(
        [sys.executable, "-m", *TORCHRUN, *overrides],
        env={**here, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_same_numbers(one: Path, other: Path) -> None:
    for stage, epochs in (("pretrain", 3), ("classify", 10)):
        first, second = (pd.read_csv(folder / f"{stage}.csv") for folder in (one, other))
        loss = f"{stage}/train/loss"
        pd.testing.assert_series_equal(first[loss], second[loss], rtol=1e-6, atol=1e-6)
        assert len(first) == epochs
    frames = (pd.read_csv(folder / "predictions.csv") for folder in (one, other))
    first, second = (frame.filter(regex="^(utterance$|p_)") for frame in frames)
    pd.testing.assert_frame_equal(first, second, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_two_processes_either_way_do_what_one_does(
    run_noises: Run, noise_command: list[str], command: Command, tmp_path: Path
) -> None:
    """In double precision: float32 and Adam magnify the last bit to a part in a thousand."""
    run_noises(*EXACT, *WHOLE, f"runs={tmp_path / 'one'}")
    (one,) = folders(tmp_path / "one")

    spawned = command(*noise_command, *EXACT, *QUARTERS, f"runs={tmp_path / 'spawned'}")
    assert spawned.returncode == 0, spawned.stderr
    process = torchrun(
        *noise_command, *EXACT, *HALVES, *NODES, "logger=csv", f"runs={tmp_path / 'started'}"
    )
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert output.count("random/test/ua") == 1, "one process alone reports"
    for name, loggers in (("spawned", set()), ("started", {"csv"})):
        (two,) = folders(tmp_path / name)
        assert {path.name for path in two.iterdir()} - loggers == {p.name for p in one.iterdir()}
        assert_same_numbers(one, two)


@pytest.mark.slow
def test_a_run_under_torchrun_resumes_after_a_process_was_killed(
    noise_command: list[str], tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    settings = [*noise_command, "model=vae", *NODES]
    settings += [*HALVES, "training.pretrain.epochs=12", "training.classify.epochs=2"]
    first = torchrun(*settings)
    until = time.monotonic() + 200
    while not any(runs.glob("pretrained/*/last.ckpt")):
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    (worker, *_) = children(first.pid)
    os.kill(worker, signal.SIGKILL)
    first.communicate(timeout=200)
    assert first.returncode != 0
    assert not any(runs.glob("random/*/metrics.json"))

    again = torchrun(*settings)
    _, errors = again.communicate(timeout=300)
    assert again.returncode == 0, errors
    whole = torchrun(*settings, f"runs={tmp_path / 'whole'}")
    whole.communicate(timeout=300)
    (got,), (expected,) = folders(runs), folders(tmp_path / "whole")
    assert comparable(got) == comparable(expected)
    for name in ("predictions.csv", "pretrain.csv", "classify.csv"):
        assert (got / name).read_bytes() == (expected / name).read_bytes(), name


def children(pid: int) -> list[int]:
    """List the processes that a process has started."""
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


@pytest.mark.slow
def test_a_sweep_over_spawned_processes_does_each_job_once(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    """Processes that launched the command again would be a second sweep (the usual trap).

    The encoder of the first job is fine-tuned, in which its decoder gets no gradient.
    """
    settings = ["trainer=[cpu,ddp]", "model=ae,majority", "training.encoder_lr=1e-3"]
    brief = ["training.pretrain.epochs=1", "training.classify.epochs=1"]
    result = command("-m", *noise_command, *settings, *brief)
    assert result.returncode == 0, result.stderr
    assert len(folders(tmp_path / "runs")) == 2
    assert result.stderr.count("2 of 2 done, 0 failed") == 1


def test_half_precision_runs_on_the_cpu(run_noises: Run) -> None:
    assert run_noises("trainer=[cpu,bf16]")["random/test/ua"] > 0.5


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["trainer=[cpu,nodes]"], "expected trainer.devices=1 processes .* found 1 in all"),
        (["trainer.devices=2"], "trainer.devices=2"),
        (["trainer.precision=16-mixed"], "a CUDA GPU"),
    ],
)
def test_devices_that_would_be_others_than_configured_are_refused(
    run_noises: Run, overrides: list[str], message: str
) -> None:
    with pytest.raises(SerVaeError, match=message):
        run_noises(*overrides)


def test_a_sweep_under_torchrun_is_refused(command: Command, noise_command: list[str]) -> None:
    done = command("-m", *noise_command, "trainer=[cpu,nodes]", "seed=0,1")
    assert done.returncode == 1
    assert "each of the processes would launch the sweep" in done.stderr
