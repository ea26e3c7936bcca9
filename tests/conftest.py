"""Corpora and commands that several tests share."""

import copy
import functools
import gc
import hashlib
import io
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from forked import Forking
from hypothesis import settings
from omegaconf import OmegaConf
from rich.console import Console
from run_files import noise_settings
from tiny_encoders import save_encoder

import ser_vae
from ser_vae import terminal
from ser_vae.files import locked
from ser_vae.run import TrainedRun, configure, run

torch.set_num_threads(1)  # small networks: more threads are slower, far slower on a busy machine

# The same examples in every run, however slow the machine; experiments/faults/fuzz.py tries others.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

RATE_HZ = 16_000
EMOTIONS = {"calm": 300.0, "cross": 1500.0, "gay": 4000.0}  # Hz, the tone of each


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slowest tests first, or one process ends with them while the others wait."""

    def seconds(item: pytest.Item) -> int:
        slow = item.get_closest_marker("slow")
        return slow.args[0] if slow else 0

    items.sort(key=seconds, reverse=True)


@pytest.fixture(scope="module", autouse=True)
def _short_garbage_collections() -> None:
    """Leave out what is there by now: statsmodels collects garbage in each correction."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _configuration_files_parsed_once() -> Iterator[None]:
    """Hydra parses its files for each configuration; here once, while a file is unchanged."""
    load = OmegaConf.load
    parse = functools.cache(lambda path, *_: load(path))

    def load_copy(file: Any) -> Any:
        path = Path(file if isinstance(file, str | Path) else file.name)
        stat = path.stat()
        return copy.deepcopy(parse(path, stat.st_mtime_ns, stat.st_size))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OmegaConf, "load", load_copy)
        yield


@pytest.fixture(autouse=True)
def _same_numbers_in_any_order() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _bars_whatever_an_earlier_run_was_told(monkeypatch) -> None:
    monkeypatch.setattr(terminal.stderr(), "quiet", False)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")


def write_noise(path: Path, tone_hz: float, seed: int, duration_s: float) -> None:
    """A tone in noise: an emotion that a small network can learn in seconds."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * tone_hz * rng.normal(1, 0.05) * time)
    samples = 0.1 * tone + 0.05 * rng.standard_normal(len(time))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(samples, -1, 1), RATE_HZ)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder of all processes of pytest-xdist, for what is made once."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def noises(shared) -> Path:
    """A corpus of 60 short noises, three emotions, four speakers, described by a CSV."""
    root, rows = shared / "noises", ["path,emotion,speaker"]
    with locked(shared / "noises.lock", "another process writes the noises"):
        if not (root / "list.csv").exists():
            for emotion, tone_hz in EMOTIONS.items():
                for number in range(20):
                    name = f"{emotion}{number:02d}.wav"
                    write_noise(root / name, tone_hz, len(rows), 0.6 + 0.05 * number)
                    rows.append(f"{name},{emotion},s{number % 4}")
            (root / "list.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def own_noises(noises, tmp_path) -> Path:
    """A copy of the noises, to be changed."""
    return Path(shutil.copytree(noises, tmp_path / "own"))


@pytest.fixture(scope="session")
def cache(shared) -> Path:
    """Features, and the demo corpus, made once for all tests."""
    (shared / "cache").mkdir(exist_ok=True)
    return shared / "cache"


@pytest.fixture
def noise_command(noises, cache, tmp_path) -> list[str]:
    """Overrides of a run of seconds on the noises, its results under `tmp_path`/runs."""
    return noise_settings(noises, cache, tmp_path / "runs")


@pytest.fixture
def run_noises(noise_command) -> Callable[..., dict[str, Any]]:
    """Run the pipeline in this process, with further overrides."""

    def go(*overrides: str) -> dict[str, Any]:
        return run(configure(*noise_command, *overrides))

    return go


@pytest.fixture(scope="session")
def trained_run(noises, cache, shared) -> Callable[..., TrainedRun]:
    """Train on the noises, once for the same overrides; the run folder is read only."""

    @functools.cache
    def go(*overrides: str) -> TrainedRun:
        name = hashlib.sha256("\n".join(overrides).encode()).hexdigest()[:12]
        settings = noise_settings(noises, cache, shared / "trained" / name)
        return ser_vae.train(*settings, *overrides)

    return go


@pytest.fixture(scope="session")
def finished_run(trained_run) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Return the metrics and the folder of such a run."""

    def go(*overrides: str) -> tuple[dict[str, Any], Path]:
        trained = trained_run(*overrides)
        return trained.metrics, trained.path

    return go


@pytest.fixture
def screen(monkeypatch) -> io.StringIO:
    """What a person at a terminal sees of bars and live tables."""
    text = io.StringIO()
    drawn_on = Console(file=text, force_terminal=True, width=100)
    monkeypatch.setattr(terminal, "stderr", lambda: drawn_on)
    return text


@pytest.fixture
def wavlm(tmp_path) -> Path:
    """A speech encoder of a few units."""
    return save_encoder("wavlm", tmp_path / "wavlm")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not (path := shutil.which("chromium")):
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def forking(tmp_path_factory) -> Iterator[Forking]:
    """Run commands in other processes."""
    server = Forking(tmp_path_factory.mktemp("output"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def command(forking) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in another process, without a licensed corpus."""

    def go(*overrides: str) -> subprocess.CompletedProcess[str]:
        done = forking.start(*overrides)
        return subprocess.CompletedProcess(overrides, done.wait(), done.out, done.err)

    return go
