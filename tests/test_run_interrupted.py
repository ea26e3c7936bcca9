"""A run that is killed, and two processes that do one run."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import Command, assert_same_weights, comparable, folders
from stored_features import stored_digests


def kill_when(condition: Callable[[], bool], *overrides: str) -> None:
    """Start the command and kill it, as the kernel kills, as soon as `condition` holds."""
    environment = {k: v for k, v in os.environ.items() if k != "IEMOCAP_ROOT"}
    command = [sys.executable, "-m", "ser_vae.run", *overrides]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 400
    while not condition():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_run_killed_in_each_stage_ends_like_an_uninterrupted_one(
    cache: Path, tmp_path: Path, command: Command
) -> None:
    settings = [
        "corpus=demo",
        "data=improvised",
        "model=cvae",
        "label_policies=all",
        "logger=none",
        "progress=false",
        "threads=1",
        "training.pretrain.epochs=6",
        "training.classify.epochs=30",
        "trainer=cpu",
    ]
    whole = [*settings, f"cache={cache}", f"runs={tmp_path / 'whole'}"]
    assert command(*whole).returncode == 0

    shutil.copytree(cache, tmp_path / "cache", ignore=shutil.ignore_patterns("features"))
    runs = tmp_path / "killed"
    killed = [*settings, f"cache={tmp_path / 'cache'}", f"runs={runs}"]
    features = tmp_path / "cache/features"
    kill_when(lambda: any(features.glob("LogMel-*/.lock")), *killed)
    assert len(stored_digests(features)) < 290
    kill_when(lambda: any(runs.glob("pretrained/*/last.ckpt")), *killed)
    assert not any(runs.glob("pretrained/*/pretrained.ckpt"))
    for classifier in ("label-none", "permuted/label-label"):
        kill_when(lambda: any(runs.glob(f"random/*/classify/{classifier}/last.ckpt")), *killed)  # noqa: B023
        assert not any(runs.glob("random/*/metrics.json"))
    assert command(*killed).returncode == 0

    (expected,), (got,) = folders(tmp_path / "whole"), folders(runs)
    assert comparable(got) == comparable(expected)
    for name in ("predictions.csv", "pretrain.csv", "classify.csv"):
        assert (got / name).read_bytes() == (expected / name).read_bytes(), name
    for name in ("pretrained.ckpt", "classifier.ckpt"):
        assert_same_weights(got / name, expected / name)
    for policy in (expected / "policies").iterdir():
        assert (got / "policies" / policy.name).read_bytes() == policy.read_bytes(), policy.name
