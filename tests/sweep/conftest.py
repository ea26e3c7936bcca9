"""Multiruns in this process."""

import sys
from collections.abc import Callable

import pytest

from ser_vae.run import main

QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none")  # keep pytest's own handlers
Multirun = Callable[..., tuple[int, str]]


@pytest.fixture
def multirun(noise_command, monkeypatch, capsys) -> Multirun:
    """Sweep over the noises; return the exit code and what is printed to stderr."""

    def go(*overrides: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["run", "-m", *noise_command, *QUIET, *overrides])
        code: int | str | None = 0
        try:
            main()
        except SystemExit as error:
            code = error.code
        printed = capsys.readouterr().err
        return (1, f"{printed}{code}\n") if isinstance(code, str) else (code or 0, printed)

    return go
