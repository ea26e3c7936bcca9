"""What a multirun is doing: which cell runs, what is done, what failed, the time left.

A table that lives on a terminal, a line an event elsewhere. Hydra calls it at the start and at the
end of the sweep and of each job (conf/config.yaml, `hydra.callbacks`); a launcher that runs jobs in
other processes sends them a copy of it, and all of them write to one journal.
"""

import atexit
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from rich.live import Live
from rich.table import Table

from ser_vae import SerVaeError, mistakes
from ser_vae.faults import explained
from ser_vae.sweep import drawing, journal, objective, plugins
from ser_vae.sweep.following import Following, line
from ser_vae.terminal import stderr

REFRESHED = 2  # times a second
AGAIN = "The same command, given again, does these alone."


class Sweep(Callback):
    """Watches one multirun; a single run has none of it.

    Attributes:
        journal: of this sweep, below its folder of runs; None outside a multirun.
        planned: the jobs' names; empty where a sweeper decides on them one after another.
        lives: whether a table shows the events, so that no lines are printed.
        elsewhere: whether jobs run in other processes, whose events `following` prints.
    """

    def __init__(self) -> None:
        self.journal: Path | None = None
        self.planned: list[str] = []
        self.fixed: frozenset[str] = frozenset()
        self.lives = False
        self.elsewhere = False
        self.live: Live | None = None
        self.following: Following | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The table and the lines stay in the process that shows them."""
        return {**self.__dict__, "live": None, "following": None}

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        try:
            check(config)
            self.journal = journal.begin(Path(config.runs).absolute() / ".sweeps")
            with explained(config):
                # Hydra does this next; where the disk is full, with a traceback.
                OmegaConf.save(config, Path(config.runs) / "multirun.yaml")
        except SerVaeError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)
        cells = planned(config)
        self.fixed = common(cells) if cells else unswept(config)
        self.planned = [self.named(cell) for cell in cells]
        console = stderr()
        self.lives = bool(config.progress) and console.is_terminal
        self.elsewhere = plugins.elsewhere(config.hydra)
        if self.lives:
            self.live = Live(
                get_renderable=self.table, console=console, refresh_per_second=REFRESHED
            )
            self.live.start()
        elif self.elsewhere:
            self.following = Following(self.journal, self.planned)
        atexit.register(self.end)  # Ctrl-C, or a launcher that gave up: Hydra tells nobody

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        atexit.unregister(self.end)
        if self.end():
            sys.exit(1)

    def end(self) -> bool:
        """Give the terminal back as it was, and say what is not done; whether there is such."""
        for shown in (self.live, self.following):
            if shown:
                shown.stop()
        found = self.jobs()
        failed = [job for job in found if job.state == "failed"]
        for job in failed:
            print(drawing.line(job), file=sys.stderr)
        began = self.elsewhere or any(job.state != "waiting" for job in found)
        if (words := drawing.not_done(found)) and began:  # or none could: that has been said
            print(f"{words} {AGAIN}", file=sys.stderr)
        return bool(words)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        if not self.journal:
            return
        if self.lives and not self.live and sys.stderr.isatty():
            move_output(self.journal / "output.txt")  # it would be written across the table
        self.note(config, "running")

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:  # noqa: ARG002
        if not self.journal:
            return
        value = job_return._return_value  # the public one prints a failure, and raises it
        if isinstance(value, BaseException):
            self.note(config, "failed", mistakes.named(value))
        else:
            self.note(config, "done", score(value, config.objective))

    def note(self, config: DictConfig, state: journal.State, said: str = "") -> None:
        assert self.journal
        number = int(config.hydra.job.num)
        name = self.named(config.hydra.overrides.task)
        try:
            event = journal.append(self.journal, number, name, state, said)
        except OSError as error:
            print(f"job {number + 1}, {name}: {state}: {said}", file=sys.stderr)
            print(f"{self.journal} lacks this: {error.strerror}", file=sys.stderr)
            return
        if not (self.lives or self.elsewhere):
            print(line(self.planned, journal.read(self.journal), event), flush=True)

    def table(self) -> Table:
        return drawing.table(self.jobs(), stderr().height)

    def jobs(self) -> list[journal.Job]:
        events = journal.read(self.journal) if self.journal else []
        return journal.jobs(self.planned, events, time.time())

    def named(self, overrides: Sequence[str]) -> str:
        """A job's overrides, without those that all jobs have."""
        return " ".join(own for own in overrides if own not in self.fixed) or "as configured"


def check(config: DictConfig) -> None:
    """Refuse, before any job, what each of them would fail at.

    Raises:
        SerVaeError: a launcher or a sweeper is missing, or a sweeper that learns from scores has no
            objective to learn from.
    """
    plugins.check_installed(config.hydra)
    plugins.check_settings(config.hydra)
    if plugins.foretells(config.hydra):
        return
    if config.objective is None:
        raise SerVaeError(
            f"hydra/sweeper={config.hydra.runtime.choices['hydra/sweeper']}: nothing says what is "
            "to be optimised.\nSay it, such as objective=classify/validation/loss."
        )
    objective.check(config)


def move_output(path: Path) -> None:
    """Send what this process writes to a file from now on, whoever in it writes."""
    with path.open("a") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())


def planned(config: DictConfig) -> list[list[str]]:
    """The overrides of each job that Hydra's own sweeper will run; none of another sweeper's."""
    if not plugins.foretells(config.hydra):
        return []
    (batch,) = BasicSweeper.split_arguments(overrides(config), max_batch_size=None)
    return batch


def overrides(config: DictConfig) -> list[Override]:
    """Those of the preset, then those of the command line."""
    said = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    return OverridesParser.create().parse_overrides([*said, *config.hydra.overrides.task])


def unswept(config: DictConfig) -> frozenset[str]:
    """The overrides that have one value, as a sweeper gives them to each job."""
    single = [own for own in overrides(config) if not own.is_sweep_override()]
    return frozenset(f"{own.get_key_element()}={own.get_value_element_as_str()}" for own in single)


def common(cells: Sequence[Sequence[str]]) -> frozenset[str]:
    """The overrides of all jobs; of a single one, none: it would be left without a name."""
    if len(cells) < 2:
        return frozenset()
    return frozenset.intersection(*map(frozenset, cells))


def score(value: Mapping[str, Any] | float, objective: str | None) -> str:
    """Of a run's metrics.json, or the objective, such as "random/test/ua 58.1 %"."""
    if not isinstance(value, Mapping):  # what `ser_vae.run.main` returns for a sweeper
        return f"{objective} {value:.4f}"
    found = {name: number for name, number in value.items() if name.endswith("/test/ua")}
    return ", ".join(f"{name} {number:.1%}" for name, number in found.items())
