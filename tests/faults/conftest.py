"""Disks that fill up, commands that can be killed, and a run that is over in a second."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from run_files import assert_same_runs, noise_settings, parts

from ser_vae.run import configure, run

SMALL = (
    *("model=ae", "classifier.hidden=8", "classifier.dense=8"),
    *("training.pretrain.epochs=2", "training.classify.epochs=2"),
)
NARROW = ("model.hidden=[8]", "model.latent=4")


class Disk:
    """A file system in memory, of a size that can be changed while it is in use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self._mount("-t", "tmpfs", "-o", "size=64m", "tmpfs")

    def size(self, kb: int) -> None:
        self._mount("-o", f"remount,size={kb}k")

    def read_only(self) -> None:
        self._mount("-o", "remount,ro")

    def unmount(self) -> None:
        subprocess.run(["umount", self.path], check=True)

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, self.path], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("mounting a disk needs Linux and root")
    try:
        mounted = Disk(tmp_path / "disk")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no disk may be mounted here: {error.stderr.decode().strip()}")
    yield mounted
    mounted.unmount()


@pytest.fixture
def small(noises, cache, tmp_path) -> Callable[..., list[str]]:
    """Overrides of a run of a second; of a setting that is given again, the last holds."""

    def settings(*overrides: str) -> list[str]:
        said = [*noise_settings(noises, cache, tmp_path / "runs"), *SMALL, *overrides]
        chosen = {word.partition("=")[0]: word for word in said}
        if chosen["model"] in ("model=ae", "model=vae", "model=cvae", "model=ae,vae"):
            chosen = {**{word.partition("=")[0]: word for word in NARROW}, **chosen}
        return list(chosen.values())

    return settings


@pytest.fixture
def ends_like_an_undisturbed_one(tmp_path, small) -> Callable:
    """Give the same command again: its results are those of one that nothing happened to."""

    def check(*overrides: str, runs: Path) -> None:
        run(configure(*small(*overrides, f"runs={runs}")))
        clean = tmp_path / "clean"
        run(configure(*small(*overrides, f"runs={clean}", f"cache={clean / 'cache'}")))
        assert_same_runs(runs, clean)
        assert parts(runs) == []

    return check
