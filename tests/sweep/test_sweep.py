"""A multirun says what it is doing: in lines, or on a terminal in a table that lives."""

import os
import pickle
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from run_files import folders

from ser_vae.run import main
from ser_vae.sweep import Sweep, common, planned
from ser_vae.sweep.journal import read

Command = Callable[..., subprocess.CompletedProcess[str]]
SWEPT = ("model=majority,speaker_lookup", "split=random,session")


def sweep_config(*task: str, sweeper: str = "basic_sweeper.BasicSweeper", **params: str) -> object:
    target = f"hydra._internal.core_plugins.{sweeper}"
    hydra = {
        "sweeper": {"_target_": target, "params": params or None},
        "overrides": {"task": list(task)},
    }
    return OmegaConf.create({"hydra": hydra})


def test_the_jobs_are_those_of_the_presets_and_of_the_command_line() -> None:
    found = planned(sweep_config("seed=range(2)", "data=improvised", model="ae,vae"))
    assert found == [
        ["model=ae", "seed=0", "data=improvised"],
        ["model=ae", "seed=1", "data=improvised"],
        ["model=vae", "seed=0", "data=improvised"],
        ["model=vae", "seed=1", "data=improvised"],
    ]
    assert common(found) == {"data=improvised"}


def test_a_single_job_keeps_its_name() -> None:
    assert common([["model=ae", "seed=1"]]) == frozenset()


def test_another_sweepers_jobs_are_not_foretold() -> None:
    assert planned(sweep_config("lr=interval(0,1)", sweeper="other.Sweeper")) == []


def test_it_can_be_sent_to_another_process(tmp_path: Path) -> None:
    sweep = Sweep()
    sweep.journal, sweep.lives, sweep.live = tmp_path / "a.jsonl", True, lambda: None  # type: ignore[assignment]
    sent = pickle.loads(pickle.dumps(sweep))
    assert (sent.journal, sent.lives, sent.live) == (sweep.journal, True, None)


def test_a_single_run_has_no_sweep(
    noise_command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = ["hydra/job_logging=none", "hydra/hydra_logging=none"]  # pytest's own handlers stay
    monkeypatch.setattr(sys, "argv", ["run", *noise_command, *quiet, "model=majority"])
    main()
    assert len(folders(tmp_path / "runs")) == 1
    assert not (tmp_path / "runs" / ".sweeps").exists()


@pytest.mark.slow
def test_elsewhere_than_on_a_terminal_each_event_is_a_line_and_a_failure_ends_with_1(
    command: Command, noise_command: list[str], tmp_path: Path
) -> None:
    done = command("--multirun", *noise_command, *SWEPT)
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "[0 of 4 done] job 1, model=majority split=random: running" in done.stdout
    assert re.search(
        r"job 3, model=speaker_lookup split=random: done in \d+ s: random/test/ua", said
    )
    assert "[2 of 4 done, 2 failed] job 4" in done.stdout
    assert re.search(
        r"job 2, model=majority split=session: failed in 0 s: split=session: the", said
    )
    assert "2 of 4 jobs failed. The same command" in done.stderr
    assert "Traceback" not in said
    assert "\x1b" not in said
    (journal,) = (tmp_path / "runs" / ".sweeps").iterdir()
    assert [event.state for event in read(journal)] == [
        *("running", "done", "running", "failed") * 2
    ]


@pytest.mark.slow
def test_on_a_terminal_a_table_lives(noise_command: list[str]) -> None:
    own = [word for word in noise_command if word != "progress=false"]
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "ser_vae.run", "-m", *own, "model=majority", "seed=0,1"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment
    )
    os.close(follower)
    said = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        said += chunk
    os.close(leader)
    assert process.wait(timeout=120) == 0
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode()).rpartition("2 of 2 done")[2]
    assert "waiting" in said.decode()
    assert re.search(r"1 +seed=0 +done", last)
    assert re.search(r"2 +seed=1 +done", last)
    assert "\x1b[?25h" in said.decode()  # the cursor is back
