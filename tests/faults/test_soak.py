"""The soak of experiments/faults in small: every run is there, and equal, whoever was killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ser_vae

SOAK = Path(ser_vae.__file__).parents[1] / "experiments" / "faults" / "soak.py"


@pytest.mark.slow
def test_runs_whose_processes_are_killed_end_like_undisturbed_ones(tmp_path: Path) -> None:
    asked = ["--runs", "6", "--processes", "2", "--life", "1.5", "--to", tmp_path / "soak.json"]
    done = subprocess.run(
        [sys.executable, SOAK, *asked], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "soak.json").read_text())
    assert (found["runs"], found["compared"], found["different"]) == (6, 6, 0)
    assert found["kills"] >= 1
