"""A sweep on a real Slurm of one node, with a job preempted and the whole of it killed."""

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from run_files import comparable, folders

import ser_vae

ROOT = Path(ser_vae.__file__).parents[1]
ONE_NODE = runpy.run_path(str(ROOT / "experiments" / "slurm" / "one_node.py"))
PATIENCE_S = 180  # for a busy machine; an idle one needs a third of a minute for the longest
Environment = dict[str, str]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ONE_NODE["missing"]()), reason=f"Slurm: {ONE_NODE['missing']()}"),
]


@pytest.fixture
def slurm() -> Iterator[Environment]:
    """The environment in which Slurm's commands find the node."""
    with ONE_NODE["one_node"](cpus=2) as environment:
        yield environment


def until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


def left(folder: Path, pattern: str) -> Callable[[], bool]:
    return lambda: any(folder.glob(pattern))


def test_a_sweep_that_slurm_interrupts_and_that_is_killed_ends_like_an_undisturbed_one(
    slurm: Environment, noise_command: list[str], tmp_path: Path
) -> None:
    def asked(place: str, *more: str) -> list[str]:
        grid = [*noise_command, f"runs={tmp_path / place}", "training.pretrain.epochs=60"]
        return [sys.executable, "-m", "ser_vae.run", "-m", *grid, "model=majority,ae,vae", *more]

    runs = tmp_path / "slurm"
    granted = ("cpus_per_task=1", "mem_gb=1")
    command = asked(
        "slurm", "hydra/launcher=slurm", *(f"hydra.launcher.{word}" for word in granted)
    )
    sweep = subprocess.Popen(command, env=slurm, stdout=subprocess.DEVNULL)
    until(left(runs, "pretrained/ae-*/last.ckpt"))
    subprocess.run(["scontrol", "requeue", "1_1"], env=slurm, check=True)
    assert not left(runs, "random/ae-*/metrics.json")()
    until(left(runs, "pretrained/vae-*/last.ckpt"))
    sweep.send_signal(signal.SIGKILL)
    sweep.wait()
    ONE_NODE["end_jobs"](slurm)
    assert len(list(runs.glob("random/*/metrics.json"))) < 3

    again = subprocess.run(
        command, env=slurm, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert again.returncode == 0, again.stderr
    assert "[3 of 3 done] job" in again.stdout
    here = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(asked("undisturbed"), env=here, check=True, stdout=subprocess.DEVNULL)
    pairs = list(zip(folders(runs), folders(tmp_path / "undisturbed"), strict=True))
    assert len(pairs) == 3
    for got, expected in pairs:
        assert comparable(got) == comparable(expected)
        assert (got / "predictions.csv").read_bytes() == (expected / "predictions.csv").read_bytes()
