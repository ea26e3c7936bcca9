"""Frames in a file are those in memory, and the file is nobody's worry."""

import multiprocessing
import os
import pickle
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.data import room
from ser_vae.data.room import GIB, PAGE, Bounded
from ser_vae.data.segment import Segments, cut
from ser_vae.features.normalise import standardise

F = 80
MANY = settings(max_examples=100, deadline=None)


def utterances(count: int = 40) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    lengths = rng.integers(10, 200, count)
    return [rng.normal(3, 2, (length, F)).astype(np.float32) for length in lengths]


def segments(folder: Path, memory_gb: float, hop: int = 10) -> Segments:
    kept = Bounded(memory_gb, folder)
    return cut(utterances(), length=10, hop=hop, remainder="drop", room=kept)


def standardised(made: Segments) -> Segments:
    views = made.frames_of_each()
    standardise(views, "speaker", [f"s{n % 3}" for n in range(len(views))], [True] * len(views))
    return made


@pytest.mark.parametrize("hop", [10, 3])
def test_segments_are_bit_for_bit_the_same_on_both_sides_of_the_bound(tmp_path, hop):
    within = standardised(segments(tmp_path, 8, hop))
    beyond = standardised(segments(tmp_path, 0, hop))
    assert within.ahead is None
    assert beyond.ahead is not None
    assert torch.equal(within.frames, beyond.frames)
    shuffled = torch.randperm(len(within))
    for batch in shuffled.split(128):
        assert torch.equal(within[batch], beyond[batch])


def test_frames_of_just_the_bound_stay_in_memory(tmp_path):
    assert Bounded(1000 * F * 4 / GIB, tmp_path)(1000, F).ahead is None
    assert Bounded(1000 * F * 4 / GIB, tmp_path)(1001, F).ahead is not None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc: files can't be counted")
def test_the_file_has_no_name_and_is_gone_when_nobody_needs_it(tmp_path):
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    made = segments(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
    assert made.frames.sum() != 0
    del made
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before


def hold_and_die(folder: str) -> None:
    made = segments(Path(folder), 0)
    assert len(made)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_leaves_nothing_behind(tmp_path):
    process = multiprocessing.get_context("spawn").Process(
        target=hold_and_die, args=(str(tmp_path),)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_an_error_with_the_size_that_was_needed(tmp_path, monkeypatch):
    full = shutil._ntuple_diskusage(100 * GIB, 99 * GIB, GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    needed = Bounded(1, tmp_path)
    with pytest.raises(SerVaeError, match=r"need 2\.00 GiB.*memory_gb=1; 1\.00 GiB are free"):
        needed(2 * GIB // (F * 4), F)


def test_a_disk_that_fills_up_meanwhile_is_the_same_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(SerVaeError, match=r"need 0\.00 GiB of disk.*\n.*cache="):
        segments(tmp_path, 0)


def test_where_no_room_can_be_reserved_it_is_written(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    assert torch.equal(segments(tmp_path, 0).frames, segments(tmp_path, 8).frames)


def test_a_copy_for_another_process_is_refused(tmp_path):
    with pytest.raises(SerVaeError, match=r"processes started by this one.*\n.*memory_gb"):
        pickle.dumps(segments(tmp_path, 0))


class Noted:
    """In place of a map: the pages that were asked for."""

    def __init__(self) -> None:
        self.pages: list[int] = []

    def madvise(self, _: int, start: int, length: int) -> None:
        assert start % PAGE == length % PAGE == 0
        self.pages += range(start // PAGE, (start + length) // PAGE)


@MANY
@given(
    st.lists(st.integers(0, 400), max_size=20),
    st.integers(1, 20),
    st.sampled_from([4, 320, 424, 5000]),
)
def test_each_page_of_a_batch_is_asked_for_once_and_no_other(starts, length, row):
    noted = Noted()
    room._Disk(noted, row)(torch.tensor(starts, dtype=torch.int64), length)
    touched = {byte // PAGE for s in starts for byte in range(s * row, (s + length) * row)}
    assert sorted(noted.pages) == sorted(touched)
