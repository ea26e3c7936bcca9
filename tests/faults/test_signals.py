"""Signals and kills: a run ends in one line and whole files, and the command resumes it."""

import gc
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM
from types import FrameType

import pytest
import torch
from forked import Forked
from run_files import assert_same_runs, folders, parts

from ser_vae.faults import Stopped, raise_stopped
from ser_vae.run import configure, run
from ser_vae.training.weights import AtomicCheckpoints

PROMPTLY_S = 20  # on a busy machine; an idle one needs about one, for Python to take itself down
LONG = ("training.pretrain.epochs=50", "training.classify.epochs=50")
PARALLEL = ("hydra/launcher=parallel", "hydra.launcher.n_jobs=2")
PRETRAINING = "runs/pretrained/*/last.ckpt"
CLASSIFYING = "runs/random/*/classify/*/last.ckpt"
FIRST_AND_LAST = [
    f"runs/random/*/classify/{name}/last.ckpt" for name in ("label-none", "permuted/label-label")
]
POLICIES = (
    *("model=cvae", "label_policies=all"),
    *("training.pretrain.epochs=20", "training.classify.epochs=20"),
)


def frames_come(cache: Path) -> Callable[[], bool]:
    """Return whether features have been stored, in any file."""
    return lambda: sum(found.st_size for _, found in there(cache, "**/*")) > 30_000


def there(folder: Path, pattern: str) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of a folder in which another process writes: one may be renamed meanwhile."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                yield path, found


def written(folder: Path, pattern: str) -> Callable[[], bool]:
    """Whether a file is there that was not when this was called, or is another now."""

    def now() -> set[tuple[Path, int]]:
        return {(path, found.st_ino) for path, found in there(folder, pattern)}

    before = now()
    return lambda: bool(now() - before)


def stop(process: Forked, seen: Callable[[], bool], number: int) -> float:
    """Send a signal as soon as something is seen; the seconds until the process has ended."""
    process.wait_for(seen)
    process.send(number)
    sent = time.monotonic()
    assert process.wait() == (-number if number == SIGKILL else 128 + number), process.err
    return time.monotonic() - sent


def lines_of(process: Forked) -> list[str]:
    return [line for line in process.err.splitlines() if line]


@pytest.mark.slow(15)
@pytest.mark.parametrize(
    ("own", "interruptions"),
    [
        (LONG, {None: SIGHUP, PRETRAINING: SIGTERM, CLASSIFYING: SIGINT}),
        (POLICIES, dict.fromkeys((None, PRETRAINING, *FIRST_AND_LAST), SIGKILL)),
    ],
    ids=["stopped", "killed"],
)
def test_a_run_ended_in_each_stage_resumes_to_an_undisturbed_one(
    own, interruptions, forking, small, tmp_path
):
    """None stands for the stage in which features are computed."""
    runs, cache = tmp_path / "runs", tmp_path / "cache"
    command = small(*own, f"cache={cache}")
    for stage, number in interruptions.items():
        seen = written(tmp_path, stage) if stage else frames_come(cache)
        process = forking.start(*command)
        assert stop(process, seen, number) < PROMPTLY_S
        if number != SIGKILL:
            assert lines_of(process) == [f"stopped by {number.name}. Repeat the command to resume."]
            assert process.alive() == []
            assert parts(tmp_path) == []
        assert not list(runs.glob("random/*/metrics.json"))
        assert not list(runs.glob("random/*/error.txt"))
        if stage == PRETRAINING:
            assert not list(runs.glob("pretrained/*/pretrained.ckpt"))
    forking.run(*command)
    run(configure(*small(*own, f"runs={tmp_path / 'whole'}")))
    assert_same_runs(runs, tmp_path / "whole")


@pytest.mark.slow(25)
def test_a_signal_stops_the_whole_sweep_and_the_processes_that_it_started(forking, small, tmp_path):
    command = ["-m", *PARALLEL, *small("training.pretrain.epochs=3000", "model=ae,vae")]
    seen = written(tmp_path, PRETRAINING)
    process = forking.start(*command)
    assert stop(process, seen, SIGTERM) < PROMPTLY_S
    assert lines_of(process) == [
        "stopped by SIGTERM. Repeat the command to resume.",
        "0 of 2 done, 0 failed. Repeat the command to do the others.",
    ]
    until = time.monotonic() + PROMPTLY_S  # the kernel needs a moment to end other processes
    while process.alive():
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not list(tmp_path.glob("runs/random/*/metrics.json"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files closed late
def test_no_signal_is_lost_while_a_checkpoint_is_written_and_the_file_stays_whole(tmp_path):
    """At any of the calls that writing it takes. Lightning's own way to write swallows some."""
    path, writes = tmp_path / "last.ckpt", AtomicCheckpoints()
    writes.save_checkpoint({"attempt": 0}, path)
    before, lost = signal.getsignal(SIGINT), []
    gc.collect()
    gc.disable()  # a callback of its, such as of hypothesis, would swallow the signal
    try:
        for attempt in range(1, 1_000):
            signal.signal(SIGINT, raise_stopped)
            try:
                with at_call(attempt) as sent:
                    writes.save_checkpoint({"attempt": attempt}, path)
            except Stopped:
                assert torch.load(path)["attempt"] <= attempt
            else:
                if not sent:
                    break
                lost.append(attempt)
    finally:
        gc.enable()
        signal.signal(SIGINT, before)
    assert attempt > 50
    assert lost == []


@contextmanager
def at_call(number: int) -> Iterator[list[int]]:
    """Send this process a signal at the n-th call of a function in Python; notes that it did."""
    sent: list[int] = []
    calls = iter(range(1, number + 1))

    def look(frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG001
        if event == "call" and next(calls) == number:
            sys.setprofile(None)
            sent.append(number)
            signal.raise_signal(SIGINT)

    sys.setprofile(look)
    try:
        yield sent
    finally:
        sys.setprofile(None)


def test_what_a_killed_process_was_writing_is_gone_when_the_run_is_done(small, tmp_path):
    run(configure(*small("model=majority")))
    (folder,) = folders(tmp_path / "runs")
    (folder / "metrics.json").unlink()
    (folder / ".predictions.csv.k1ll3d.part").write_text("utter")
    run(configure(*small("model=majority")))
    assert parts(tmp_path) == []
