"""Faults that are really caused: whatever becomes of W&B, a run is that which has no logger."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import wandb
import wandb_files as read_back
from run_files import comparable, folders, noise_settings
from wandb.sdk.lib.wbauth import unauthenticate_session
from wandb_files import OFFLINE

from ser_vae.logger import offline
from ser_vae.run import configure, run

Run = Callable[..., dict[str, Any]]

SHORT = ("model=ae", "training.pretrain.epochs=2", "training.classify.epochs=2")
ONLINE = ("logger=wandb", "logger.wandb.mode=online", "logger.wandb.start_timeout_s=1")
RESULTS = ("split.csv", "pretrain.csv", "classify.csv", "predictions.csv", "audit.json")
LONGEST_S = 60  # of a run of 3 s on a busy machine; where nothing bounds it, it never ends
FIRST_S = 25  # until a server is given up, after 1 s by the setting; without it 30 s


@pytest.fixture(scope="module")
def plain(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run without a logger."""
    runs = tmp_path_factory.mktemp("plain")
    run(configure(*noise_settings(noises, cache, runs), *SHORT))
    (folder,) = folders(runs)
    return folder


def check_is(plain: Path, runs: Path) -> None:
    """The only run in `runs` ends like the plain one, to the byte."""
    (folder,) = folders(runs)
    assert folder.name == plain.name
    assert comparable(folder) == comparable(plain)
    for name in RESULTS:
        assert (folder / name).read_bytes() == (plain / name).read_bytes(), name


def said_of_wandb(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.getMessage().startswith("W&B:")]


class Refusing(BaseHTTPRequestHandler):
    """A server that knows no key."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(401, {"errors": ["invalid key"]})

    do_GET = do_POST  # noqa: N815

    def answer(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class FallingSilent(Refusing):
    """A server that lets a run begin, and answers nothing after that."""

    project = {"id": "p", "name": "ser_vae", "entity": {"id": "e", "name": "me"}}  # noqa: RUF012
    bucket = {"id": "b", "name": "n", "config": "{}", "project": project}  # noqa: RUF012
    answers = {  # noqa: RUF012
        b"query RunResumeStatus": {"model": None},
        b"mutation UpsertBucket": {"upsertBucket": {"bucket": bucket, "inserted": True}},
    }
    closing = threading.Event()

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        for query, data in self.answers.items():
            if query in asked:
                self.answer(200, {"data": data})
                return
        self.closing.wait()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port of a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        FallingSilent.closing.set()
        server.shutdown()
        thread.join()


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def hanging() -> Iterator[int]:
    """A port at which a connection is made and nothing is answered, ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Have W&B, with a key, take a port of this machine for its server."""
    wandb.teardown()  # W&B reads these once, and remembers a key for the whole process

    def at(port: int) -> None:
        monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")

    yield at
    unauthenticate_session(update_settings=True)
    wandb.teardown()


@pytest.mark.parametrize("server", [nobody, hanging, lambda: serving(Refusing)])
def test_a_server_that_can_not_be_had_means_an_offline_record_of_the_same_run(
    run_noises: Run,
    plain: Path,
    tmp_path: Path,
    use: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
    server: Callable[[], Any],
) -> None:
    with server() as port:
        use(port)
        began = time.time()
        run_noises(*SHORT, *ONLINE)
        assert time.time() - began < LONGEST_S
    check_is(plain, tmp_path / "runs")
    (warned,) = (r.created for r in caplog.records if r.name == "ser_vae.logger.wandb")
    assert warned - began < FIRST_S
    (said,) = said_of_wandb(caplog)
    assert said.startswith("W&B: no online record of ae-complete-folder-seed0: ")
    found = read_back.records(tmp_path / "runs")
    assert read_back.epochs(found, "pretrain/train/loss") == [0, 1]
    assert read_back.epochs(found, "classify/train/loss") == [0, 1]
    assert "random/test/ua" in read_back.summary(found)
    assert read_back.exit_codes(found) == [0]


def test_a_server_that_falls_silent_holds_no_run_for_longer_than_is_set(
    run_noises: Run,
    plain: Path,
    tmp_path: Path,
    use: Callable[[int], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving(FallingSilent) as port:
        use(port)
        began = time.monotonic()
        run_noises(*SHORT, *ONLINE, "logger.wandb.timeout_s=3")
        assert time.monotonic() - began < LONGEST_S
    check_is(plain, tmp_path / "runs")
    (said,) = said_of_wandb(caplog)
    assert (
        "of ae-complete-folder-seed0, nor anything after: TimeoutError: not done within 3" in said
    )
    assert wandb.run is None


@contextmanager
def full(folder: Path, size: str) -> Iterator[None]:
    """A disk of `size` at `folder`."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield
    finally:
        wandb.teardown()
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    assert shutil.disk_usage(folder).free == 0


@pytest.mark.parametrize("size", ["4k", "200k"])
def test_a_disk_that_is_full_for_wandb_alone_costs_the_record_alone(
    run_noises: Run, plain: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, size: str
) -> None:
    """Of 4 kB nothing is left; in 200 kB W&B can begin, and has no room for pictures."""
    disk = tmp_path / "runs" / plain.parent.name / plain.name / "wandb"
    with full(disk, size):
        if size == "4k":
            fill(disk)
        run_noises(*SHORT, *OFFLINE)
        check_is(plain, tmp_path / "runs")
    assert said_of_wandb(caplog)
    assert all("ae-complete-folder-seed0" in said for said in said_of_wandb(caplog))
    assert "space" in caplog.text


def services(of: int) -> list[int]:
    """W&B's among the child processes of a process."""
    lists = Path(f"/proc/{of}/task").glob("*/children")
    children = [int(pid) for own in lists for pid in own.read_text().split()]
    return [p for p in children if Path(f"/proc/{p}/comm").read_text().startswith("wandb")]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="child processes are in /proc")
def test_a_service_that_is_killed_costs_the_rest_of_one_runs_record(
    noise_command: list[str], plain: Path, tmp_path: Path
) -> None:
    """The run goes on, says so in one line, and the next one of the sweep is recorded again."""
    runs = tmp_path / "runs"
    hidden = ("IEMOCAP_ROOT", "WANDB_SERVICE")
    overrides = (*noise_command, *SHORT[1:], *OFFLINE, "model=ae,majority")
    sweep = subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", "-m", *overrides],
        env={name: value for name, value in os.environ.items() if name not in hidden},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not any(runs.glob("pretrained/*/last.ckpt")):
        assert sweep.poll() is None, "the run ended before its service could be killed"
        time.sleep(0.005)
    (service,) = services(of=sweep.pid)
    os.kill(service, signal.SIGKILL)
    said, _ = sweep.communicate(timeout=120)
    assert sweep.returncode == 0
    lines = [line for line in said.splitlines() if "W&B" in line or line.startswith("Traceback")]
    assert len(lines) == 1, said
    assert "no curves of ae-complete-folder-seed0, nor anything after: " in lines[0]
    first, second = folders(runs)
    assert comparable(first) == comparable(plain)
    for name in RESULTS:
        assert (first / name).read_bytes() == (plain / name).read_bytes(), name
    codes = [read_back.exit_codes(list(offline.records(own))) for own in (first, second)]
    assert codes == [[], [0]]
