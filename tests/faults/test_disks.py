"""Folders that are full or may not be written: said in a few lines; the run goes on afterwards."""

import errno
import os
from pathlib import Path

import pytest
import torch
from run_files import folders

from ser_vae import SerVaeError
from ser_vae.run import configure, run

FULL = [  # KiB of the disk, the model, the file that there is no room for
    (28, "majority", "recogniser.json"),
    (280, "ae", "last.ckpt"),  # the second, while the first is still there
]


def left(runs: Path) -> list[Path]:
    return [p for p in runs.rglob("*") if p.name.endswith(".part") or p.name == "metrics.json"]


@pytest.mark.parametrize(("kb", "model", "file"), FULL)
def test_a_full_folder_of_runs_is_named(disk, small, ends_like_an_undisturbed_one, kb, model, file):
    own = [] if model == "ae" else [f"model={model}"]
    disk.size(kb)
    with pytest.raises(SerVaeError) as raised:
        run(configure(*small(*own, f"runs={disk.path}")))
    first, what_to_do = str(raised.value).splitlines()
    assert first.startswith(f"{disk.path}/")
    assert first.endswith(f"{file}: No space left on device.")
    assert "Free some space, or give another folder with runs=" in what_to_do
    assert left(disk.path) == []
    disk.size(65_536)
    ends_like_an_undisturbed_one(*own, runs=disk.path)


def test_a_full_cache_is_named(disk, small, ends_like_an_undisturbed_one, tmp_path):
    own = ("model=logmel_svm", f"cache={disk.path}")
    disk.size(40)
    with pytest.raises(SerVaeError, match=rf"(?s){disk.path}.*No space left.*Free some space"):
        run(configure(*small(*own)))
    assert left(disk.path) == []
    disk.size(65_536)
    run(configure(*small(*own)))
    ends_like_an_undisturbed_one("model=logmel_svm", runs=tmp_path / "runs")


def test_the_terminal_gets_lines_and_no_traceback(disk, small, forking):
    disk.size(208)
    command = forking.run(*small(f"runs={disk.path}", "seed=3"), code=1)
    assert "Traceback" not in command.err
    assert f"error: {disk.path}/pretrained" in command.err
    (folder,) = folders(disk.path)
    assert "No space left on device" in (folder / "error.txt").read_text()


def test_a_folder_of_runs_that_may_not_be_written_is_named(disk, small, forking):
    runs = disk.path / "runs"
    disk.read_only()
    with pytest.raises(SerVaeError, match=rf"{runs}: Read-only file system\.\nRepair it, or give"):
        run(configure(*small(f"runs={runs}")))
    command = forking.run("-m", *small(f"runs={runs}", "seed=0,1"), code=1)
    assert command.out == ""
    assert command.err.startswith(f"error: {runs}: Read-only file system.\nRepair it, or give")


def test_a_file_system_without_locks_is_one_line_with_the_remedy(small, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(SerVaeError, match=r"this file system has no locks \(.*\): give") as raised:
        run(configure(*small()))
    assert "\n" not in str(raised.value)


def test_too_little_shared_memory_is_one_line_with_the_remedy(small, monkeypatch):
    """The message is PyTorch's, of a /dev/shm of 64 KiB."""
    message = "unable to allocate shared memory(shm) for file </torch_58_35_8>: Success (0)"

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError(message)

    monkeypatch.setattr(torch.multiprocessing, "start_processes", refuse)
    with pytest.raises(SerVaeError, match=r"^/dev/shm, .* is too small: enlarge it") as raised:
        run(configure(*small("trainer=[cpu,ddp]")))
    assert "\n" not in str(raised.value)
