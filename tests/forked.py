"""Commands as processes of their own that need not import PyTorch first: seconds less each.

A server imports it once, and is forked for each command. The child does what `python -m` does, in a
session of its own, so that it can be killed with all that it started.

Written to the server: a line of JSON a command. Written by it: `<pid>` when a command has begun,
`<pid> <exit code>` when it has ended (negative: of the signal it died of, as subprocess has it).
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 120  # for a busy machine

HERE = Path(__file__).parent
FOUND_IN = (HERE.parent, HERE)  # the modules that can be run

SERVER = """
import atexit, gc, json, os, resource, runpy, select, sys
import hydra, lightning, ser_vae.pipeline, ser_vae.result, ser_vae.sweep, sklearn.svm
from hydra.core.plugins import Plugins
Plugins.instance()
gc.freeze()  # children need not look through it, and so copy it

woken, wake = os.pipe()
os.set_blocking(wake, False)
import signal
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGCHLD, lambda *_: None)
print("ready", flush=True)
while True:
    ready, _, _ = select.select([0, woken], [], [])
    if woken in ready:
        os.read(woken, 4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            print(pid, os.waitstatus_to_exitcode(status), flush=True)
    if 0 not in ready:
        continue
    line = os.read(0, 65536)
    if not line:
        sys.exit()
    asked = json.loads(line)
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        continue
    break

signal.set_wakeup_fd(-1)
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
os.setsid()
for stream, name in ((0, os.devnull), (1, asked["said"] + ".out"), (2, asked["said"] + ".err")):
    flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.dup2(os.open(name, flags), stream)
if asked["more_mb"]:
    pages = int(open("/proc/self/statm").read().split()[5])
    most = pages * os.sysconf("SC_PAGE_SIZE") + asked["more_mb"] * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
sys.argv = ["-m", *asked["arguments"]]
code = 0
try:
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else int(end.code is not None)
    if isinstance(end.code, str):
        print(end.code, file=sys.stderr)
except BaseException:
    sys.excepthook(*sys.exc_info())
    code = 1
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # libraries would wait for the threads that they had before the fork
"""


@dataclass
class Forked:
    """A command at work, or ended."""

    pid: int
    said: Path
    await_end: Callable[[int], int]

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit code."""
        return self.await_end(self.pid)

    def alive(self) -> list[int]:
        """The processes of its session that are still there."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:  # gone meanwhile
                continue
            if int(fields[3]) == self.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return found

    @property
    def out(self) -> str:
        return self.said.with_suffix(".out").read_text()

    @property
    def err(self) -> str:
        return self.said.with_suffix(".err").read_text()


class Forking:
    """The server, and the commands that it was forked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        here = {k: v for k, v in os.environ.items() if k != "IEMOCAP_ROOT"}
        here["OMP_NUM_THREADS"] = "1"
        here["PYTHONPATH"] = os.pathsep.join(map(str, FOUND_IN))
        self.server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=here,
        )
        self.codes: dict[int, int] = {}
        self.begun: list[int] = []
        assert self.server.stdout
        assert self.server.stdout.readline() == b"ready\n"
        self.rest = b""

    def start(
        self, *arguments: str, module: str = "ser_vae.run", more_mb: int | None = None
    ) -> Forked:
        """Start `python -m module arguments`; with `more_mb`, it may allocate that much more."""
        assert self.server.stdin
        said = self.folder / f"{len(self.begun)}"
        asked = {
            "arguments": arguments,
            "module": module,
            "more_mb": more_mb,
            "said": str(said),
        }
        before = len(self.begun)
        self.server.stdin.write(json.dumps(asked).encode())
        self.server.stdin.flush()
        until = time.monotonic() + PATIENCE_S
        while len(self.begun) == before:
            assert time.monotonic() < until
            self._listen(1)
        return Forked(self.begun[-1], said, self._await)

    def run(self, *arguments: str, more_mb: int | None = None) -> tuple[int, Forked]:
        """Start the command and wait for its end."""
        process = self.start(*arguments, more_mb=more_mb)
        return process.wait(), process

    def close(self) -> None:
        for pid in self.begun:
            if pid not in self.codes:
                os.killpg(pid, signal.SIGKILL)
        self.server.kill()
        self.server.communicate()

    def _await(self, pid: int) -> int:
        until = time.monotonic() + PATIENCE_S
        while pid not in self.codes:
            assert time.monotonic() < until, "the command does not end"
            self._listen(1)
        return self.codes[pid]

    def _listen(self, wait_s: float) -> None:
        assert self.server.stdout
        ready, _, _ = select.select([self.server.stdout], [], [], wait_s)
        if not ready:
            assert self.server.poll() is None, "the server died"
            return
        *lines, self.rest = (self.rest + os.read(self.server.stdout.fileno(), 65_536)).split(b"\n")
        for line in lines:
            numbers = [int(word) for word in line.split()]
            if len(numbers) == 1:
                self.begun.append(numbers[0])
            else:
                self.codes[numbers[0]] = numbers[1]
