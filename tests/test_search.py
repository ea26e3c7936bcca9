"""A search by Optuna goes on where it was killed, and chooses by the validation part."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from run_files import Command, folders, table

LOSS = "classify/validation/loss"


def reached(folder: Path) -> float:
    return float(table(folder / "classify.csv")[-1][LOSS])


def searched(folder: Path) -> float:
    config = yaml.safe_load((folder / "config.yaml").read_text())
    return float(config["training"]["pretrain"]["optimizer"]["lr"])


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_and_ends_with_its_trials_and_the_best_of_them(
    command: Command, noise_command: list[str], tmp_path: Path
) -> None:
    asked = ["+experiment=search", "hydra.sweeper.n_trials=3", "training.classify.epochs=2"]
    words = ["-m", *noise_command, *asked]
    runs = tmp_path / "runs"
    first = subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", *words], stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while not any(runs.glob("random/*/metrics.json")):
        assert time.monotonic() < until
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    (done,) = runs.glob("random/*/metrics.json")
    before = done.stat().st_mtime_ns

    second = command(*words)
    assert second.returncode == 0, second.stderr
    found = folders(runs)
    assert len(found) == len({searched(folder) for folder in found}) == 3
    assert done.stat().st_mtime_ns == before
    said = yaml.safe_load((runs / "optimization_results.yaml").read_text())
    best = min(found, key=reached)
    assert said["best_value"] == pytest.approx(reached(best))
    assert said["best_params"]["training.pretrain.optimizer.lr"] == pytest.approx(searched(best))
    names = [line for line in second.stdout.splitlines() if line.startswith("[3 of 3 done] job 3")]
    assert len(names) == 1
    assert "corpus=folder" not in names[0]
