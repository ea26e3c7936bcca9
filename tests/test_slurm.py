"""A sweep on a real Slurm of one node, where a job is preempted and then everything is killed."""

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_files import comparable, folders

import ser_vae

ROOT = Path(ser_vae.__file__).parents[1]
ONE_NODE = runpy.run_path(str(ROOT / "experiments" / "slurm" / "one_node.py"))
PATIENCE_S = 180  # a busy machine is slow; on an idle one the longest wait is 20 s

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ONE_NODE["missing"]()), reason=f"Slurm: {ONE_NODE['missing']()}"),
]


@pytest.fixture
def slurm() -> Iterator[dict[str, str]]:
    """Start Slurm; yields the environment in which its commands find the node."""
    with ONE_NODE["one_node"](cpus=2) as environment:
        yield environment


def wait_for(folder: Path, pattern: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not any(folder.glob(pattern)):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_sweep_that_slurm_interrupts_and_that_is_killed_ends_like_an_undisturbed_one(
    slurm: dict[str, str], noise_command: list[str], tmp_path: Path
) -> None:
    runs, clean = tmp_path / "slurm", tmp_path / "undisturbed"
    grid = [*noise_command, "training.pretrain.epochs=60", "model=majority,ae,vae"]
    command = [sys.executable, "-m", "ser_vae.run", "-m", *grid]
    launcher = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.mem_gb=1")
    by_slurm = [*command, f"runs={runs}", *launcher]
    sweep = subprocess.Popen(by_slurm, env=slurm, stdout=subprocess.DEVNULL)
    wait_for(runs, "pretrained/ae-*/last.ckpt")
    subprocess.run(["scontrol", "requeue", "1_1"], env=slurm, check=True)
    assert not any(runs.glob("random/ae-*/metrics.json"))
    wait_for(runs, "pretrained/vae-*/last.ckpt")
    sweep.send_signal(signal.SIGKILL)
    sweep.wait()
    ONE_NODE["end_jobs"](slurm)
    assert len(list(runs.glob("random/*/metrics.json"))) < 3

    again = subprocess.run(
        by_slurm, env=slurm, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert again.returncode == 0, again.stderr
    assert "3 of 3 done" in again.stderr
    here = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, f"runs={clean}"], env=here, check=True, stdout=subprocess.DEVNULL)
    pairs = list(zip(folders(runs), folders(clean), strict=True))
    assert len(pairs) == 3
    for folder, expected in pairs:
        assert comparable(folder) == comparable(expected)
        predictions = [(each / "predictions.csv").read_bytes() for each in (folder, expected)]
        assert predictions[0] == predictions[1]
