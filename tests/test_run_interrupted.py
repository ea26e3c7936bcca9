"""Interruptions, crowds and several devices."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import Command, Run, assert_same_weights, comparable, folders, table
from stored_features import stored


def start(*overrides: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "IEMOCAP_ROOT"}
    return subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", *overrides],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_when(seen: Callable[[], bool], *overrides: str) -> None:
    """Start the command and kill it, as the kernel kills, as soon as `seen` says so."""
    process = start(*overrides)
    until = time.monotonic() + 400
    while not seen():
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_run_killed_in_each_stage_ends_like_an_uninterrupted_one(
    cache: Path, tmp_path: Path, command: Command
) -> None:
    settings = [
        "corpus=demo",
        "data=improvised",
        "model=cvae",
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
    assert len(stored(features)) < 290
    kill_when(lambda: any(runs.glob("pretrained/*/last.ckpt")), *killed)
    assert not any(runs.glob("pretrained/*/pretrained.ckpt"))
    for classifier in ("told-nothing", "permuted/told-truth"):
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


@pytest.mark.slow
def test_two_processes_with_one_command_share_one_result(
    noise_command: list[str], tmp_path: Path
) -> None:
    processes = [start(*noise_command) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "metrics.json").exists()


@pytest.mark.slow
def test_two_devices_give_the_curve_of_one_with_the_doubled_batch(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    """In double precision: float32 and Adam magnify the last bit to a part in a thousand."""
    exact = [*noise_command, "model=ae", "trainer.precision=64-true"]
    two = command(*exact, "trainer=[cpu,ddp]", "training.pretrain.batch_size=25")
    assert two.returncode == 0, two.stderr
    one = command(*exact, "trainer=cpu", "training.pretrain.batch_size=50")
    assert one.returncode == 0, one.stderr
    first, second = (
        [float(row["pretrain/train/loss"]) for row in table(f / "pretrain.csv")]
        for f in folders(tmp_path / "runs")
    )
    assert len(first) == 3
    assert first == pytest.approx(second, rel=1e-6)


def test_half_precision_runs_on_the_cpu(run_noises: Run) -> None:
    assert run_noises("trainer=[cpu,bf16]")["random/test/ua"] > 0.5


@pytest.mark.slow
def test_an_encoder_is_fine_tuned_on_two_devices(
    noise_command: list[str], command: Command
) -> None:
    result = command(*noise_command, "trainer=[cpu,ddp]", "training.encoder_lr=1e-3")
    assert result.returncode == 0, result.stderr
