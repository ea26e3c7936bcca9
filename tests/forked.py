"""Commands in other processes that need not import PyTorch first, which saves seconds each.

The fork server of `multiprocessing` imports it once, and is forked for each command. The child does
what `python -m` does, in a session of its own, so that it can be killed with all that it started.
"""

import atexit
import multiprocessing
import os
import resource
import runpy
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from unittest import mock

PATIENCE_S = 180  # for a busy machine
PRELOADED = ["lightning", "sklearn.svm", "ser_vae.pipeline", "ser_vae.result", "ser_vae.sweep"]


def run_module(
    module: str,
    arguments: list[str],
    output: Path,
    more_mb: int | None,
    environment: dict[str, str],
) -> None:
    """Do what `python -m module arguments` does, with the output in two files."""
    os.setsid()
    os.environ.update(environment)
    for stream, suffix in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(output.with_suffix(suffix), os.O_WRONLY | os.O_CREAT), stream)
    if more_mb:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        most = pages * os.sysconf("SC_PAGE_SIZE") + more_mb * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    sys.argv = ["-m", *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()


@dataclass
class Forked:
    """A command at work, or ended."""

    process: ForkServerProcess
    output: Path

    def send(self, number: int) -> None:
        assert self.process.pid
        os.kill(self.process.pid, number)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; the command must not end before."""
        until = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.is_alive(), self.err
            assert time.monotonic() < until
            time.sleep(0.002)

    def wait(self) -> int:
        """Wait for the end; return the exit code, negative: of the signal it died of."""
        self.process.join(PATIENCE_S)
        assert self.process.exitcode is not None, "the command does not end"
        return self.process.exitcode

    def alive(self) -> list[int]:
        """List the processes of its session that are still there."""
        alive = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # ended meanwhile
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                alive.append(int(stat.parent.name))
        return alive

    @property
    def out(self) -> str:
        return self.output.with_suffix(".out").read_text()

    @property
    def err(self) -> str:
        return self.output.with_suffix(".err").read_text()


class Forking:
    """The fork server, and the commands that it was forked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Forked] = []
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(PRELOADED)
        with mock.patch.dict(os.environ, OMP_NUM_THREADS="1"):
            os.environ.pop("IEMOCAP_ROOT", None)
            first = self.context.Process(target=int)  # starts the server
            first.start()
            first.join()

    def start(
        self,
        *arguments: str,
        module: str = "ser_vae.run",
        more_mb: int | None = None,
        **environment: str,
    ) -> Forked:
        """Start `python -m module arguments`; with `more_mb`, it may allocate that much more."""
        output = self.folder / f"{len(self.started)}"
        task = (module, list(arguments), output, more_mb, environment)
        process = self.context.Process(target=run_module, args=task)
        process.start()
        self.started.append(Forked(process, output))
        return self.started[-1]

    def run(self, *arguments: str, code: int = 0, **options: Any) -> Forked:
        """Start the command and wait for its end, which must be with this exit code."""
        forked = self.start(*arguments, **options)
        assert forked.wait() == code, forked.err
        return forked

    def close(self) -> None:
        for command in self.started:
            if command.process.is_alive():
                os.killpg(command.process.pid, signal.SIGKILL)
