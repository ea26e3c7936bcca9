"""Commands as processes of their own that need not import PyTorch first: seconds less each.

A fork server of `multiprocessing` imports it once, and is forked for each command. The child does
what `python -m` does, in a session of its own, so that it can be killed with all that it started.
"""

import atexit
import multiprocessing
import os
import resource
import runpy
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

PATIENCE_S = 120  # for a busy machine
HERE = Path(__file__).parent
CONTEXT = multiprocessing.get_context("forkserver")


def run_module(module: str, arguments: Sequence[str], output: Path, more_mb: int | None) -> None:
    """Do `python -m module arguments` in this process, which then ends."""
    os.setsid()
    for number, suffix in ((1, ".out"), (2, ".err")):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(output.with_suffix(suffix), flags), number)
    if more_mb:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
        most = pages * os.sysconf("SC_PAGE_SIZE") + more_mb * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    sys.argv = ["-m", *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
    finally:
        atexit._run_exitfuncs()


class Forked:
    """A command that was started: its process, and the files `output`.out and .err."""

    def __init__(self, process: BaseProcess, output: Path) -> None:
        assert process.pid
        self.process, self.pid, self.output = process, process.pid, output

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Return its exit code; negative: the signal that ended it."""
        self.process.join(PATIENCE_S)
        assert self.process.exitcode is not None, "the command does not end"
        return self.process.exitcode

    def alive(self) -> list[int]:
        """List the processes of its session that are still there."""
        there = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # gone meanwhile
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.pid and fields[0] != "Z":
                    there.append(int(stat.parent.name))
        return there

    @property
    def out(self) -> str:
        return self.output.with_suffix(".out").read_text()

    @property
    def err(self) -> str:
        return self.output.with_suffix(".err").read_text()


class Forking:
    """Starts commands, whose output is kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, list[Forked]()
        CONTEXT.set_forkserver_preload(["preloaded"])

    def start(
        self, *arguments: str, module: str = "ser_vae.run", more_mb: int | None = None
    ) -> Forked:
        """Start `python -m module arguments`; with `more_mb`, it may allocate that much more."""
        output = self.folder / str(len(self.started))
        process = CONTEXT.Process(target=run_module, args=(module, arguments, output, more_mb))
        with pytest.MonkeyPatch.context() as patch:  # the server keeps the first environment
            patch.delenv("IEMOCAP_ROOT", raising=False)
            patch.setenv("OMP_NUM_THREADS", "1")
            patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (HERE.parent, HERE))))
            process.start()
        self.started.append(Forked(process, output))
        return self.started[-1]

    def run(self, *arguments: str, more_mb: int | None = None) -> tuple[int, Forked]:
        """Start the command and wait for its end."""
        process = self.start(*arguments, more_mb=more_mb)
        return process.wait(), process

    def close(self) -> None:
        for each in self.started:
            if each.process.is_alive():
                os.killpg(each.pid, signal.SIGKILL)
