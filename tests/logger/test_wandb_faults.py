"""Whatever becomes of W&B, a run goes on, and one warning says what is missing."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import wandb
from wandb_files import OFFLINE, parts, recording

from ser_vae.logger.wandb import mode_of_environment

Patch = pytest.MonkeyPatch
KEY = "0" * 40


def fail(*_: Any, **__: Any) -> None:
    raise ConnectionResetError("connection lost")


@contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("server", "key"), [(closed_port, ""), (closed_port, KEY), (silent_port, KEY)]
)
def test_offline_where_online_fails(log_epochs, warnings_of_wandb, monkeypatch, server, key):
    wandb.teardown()  # it reads these variables once
    monkeypatch.setenv("NETRC", "/nowhere")
    monkeypatch.setenv("WANDB_API_KEY", key)
    with server() as port, recording() as opened:
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{port}")
        assert log_epochs(mode="online") == 1
    wandb.teardown()
    (warning,) = warnings_of_wandb()
    assert warning.startswith("W&B: no online record of ae-complete-folder-seed0: ")
    assert [step for step, _ in opened[0].rows] == [0, 1, 2, 3]
    assert opened[0].exit_code == 0


def test_without_wandb_a_run_goes_on(log_epochs, warnings_of_wandb, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert log_epochs() == 0
    (warning,) = warnings_of_wandb()
    assert "no offline record of ae-complete-folder-seed0: ModuleNotFoundError" in warning


def test_a_failure_while_training_is_one_warning(log_epochs, warnings_of_wandb, monkeypatch):
    monkeypatch.setattr(wandb.Run, "log", fail)
    assert log_epochs() == 1
    (warning,) = warnings_of_wandb()
    assert (
        warning
        == "W&B: no curves of ae-complete-folder-seed0: ConnectionResetError: connection lost"
    )


def test_a_picture_that_can_not_be_drawn_costs_no_score(run_noises, warnings_of_wandb, monkeypatch):
    monkeypatch.setattr("ser_vae.logger.media.confusion", fail)
    with recording() as opened:
        run_noises("model=majority", *OFFLINE)
    assert "random/test/ua" in opened[0].final_summary
    assert opened[0].exit_code == 0
    (warning,) = warnings_of_wandb()
    assert "no scores, pictures and files of majority-complete-folder-seed0" in warning


def test_a_run_that_fails_is_marked_as_failed_and_closed(log_epochs):
    with recording() as opened, pytest.raises(ZeroDivisionError):
        log_epochs(error=ZeroDivisionError)
    assert opened[0].exit_code == 1
    assert wandb.run is None


@pytest.mark.parametrize(
    ("value", "mode"),
    [
        *(("", "offline"), (" Offline ", "offline"), ("dryrun", "offline")),
        *(("run", "online"), ("DISABLED", "disabled"), ("sometimes", "offline")),
    ],
)
def test_wandb_mode_is_understood_or_ignored(value, mode, monkeypatch, warnings_of_wandb):
    monkeypatch.setenv("WANDB_MODE", value)
    assert mode_of_environment() == mode
    assert os.environ["WANDB_MODE"] == mode  # W&B refuses other spellings
    assert len(warnings_of_wandb()) == (value == "sometimes")
    monkeypatch.delenv("WANDB_MODE")
    assert mode_of_environment() == "offline"
    assert "WANDB_MODE" not in os.environ


def test_disabled_leaves_nothing(log_epochs, tmp_path):
    assert log_epochs(mode=None) == 0  # by the WANDB_MODE of all tests
    assert not parts(tmp_path)
    assert not list(tmp_path.rglob("wandb"))
