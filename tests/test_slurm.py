"""A sweep on a real Slurm of one node, where a job is preempted and then everything is killed."""

import runpy
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_files import assert_same_runs

import ser_vae
from ser_vae.run import configure, run

ROOT = Path(ser_vae.__file__).parents[1]
ONE_NODE = runpy.run_path(str(ROOT / "experiments" / "slurm" / "one_node.py"))

pytestmark = [
    pytest.mark.slow(60),
    pytest.mark.skipif(bool(ONE_NODE["missing"]()), reason=f"Slurm: {ONE_NODE['missing']()}"),
]


@pytest.fixture
def slurm() -> Iterator[dict[str, str]]:
    """Start Slurm; yields the environment in which its commands find the node."""
    with ONE_NODE["one_node"](cpus=2) as environment:
        yield environment


def test_a_sweep_interrupted_by_slurm_ends_like_another(slurm, forking, noise_command, tmp_path):
    runs, clean = tmp_path / "slurm", tmp_path / "undisturbed"
    grid = [*noise_command, "training.pretrain.epochs=20"]
    launcher = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.mem_gb=1")
    by_slurm = ["-m", *grid, "model=ae,vae", f"runs={runs}", *launcher]
    sweep = forking.start(*by_slurm, **slurm)
    sweep.wait_for(lambda: any(runs.glob("pretrained/ae-*/last.ckpt")))
    subprocess.run(["scontrol", "requeue", "1_0"], env=slurm, check=True)
    assert not any(runs.glob("random/ae-*/metrics.json"))
    sweep.wait_for(lambda: any(runs.glob("pretrained/vae-*/last.ckpt")))
    sweep.send(signal.SIGKILL)
    sweep.wait()
    ONE_NODE["end_jobs"](slurm)
    assert len(list(runs.glob("random/*/metrics.json"))) < 2

    again = forking.run(*by_slurm, **slurm)
    assert "2 of 2 done" in again.err
    for model in ("ae", "vae"):
        run(configure(*grid, f"model={model}", f"runs={clean}"))
    assert_same_runs(runs, clean, count=2)
