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
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.live import Live
from rich.table import Table

from ser_vae.sweep import drawing, journal
from ser_vae.terminal import stderr

REFRESHED = 2  # times a second
AGAIN = "The same command, given again, does these alone."


class Sweep(Callback):
    """Watches one multirun; a single run has none of it.

    Attributes:
        journal: of this sweep, below its folder of runs; None outside a multirun.
        planned: the jobs' names; empty where a sweeper decides on them one after another.
        lives: whether a table shows the events, so that no lines are printed.
    """

    def __init__(self) -> None:
        self.journal: Path | None = None
        self.planned: list[str] = []
        self.fixed: frozenset[str] = frozenset()
        self.lives = False
        self.live: Live | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "live": None}  # the table stays in the process that draws it

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.jsonl"
        self.journal = Path(config.runs).absolute() / ".sweeps" / name
        cells = planned(config)
        self.fixed = common(cells)
        self.planned = [self.named(cell) for cell in cells]
        console = stderr()
        self.lives = bool(config.progress) and console.is_terminal
        if self.lives:
            self.live = Live(
                get_renderable=self.table, console=console, refresh_per_second=REFRESHED
            )
            self.live.start()
            atexit.register(self.live.stop)  # Ctrl-C: give the terminal back as it was

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        if self.live:
            atexit.unregister(self.live.stop)
            self.live.stop()
        if failed := [job for job in self.jobs() if job.state == "failed"]:
            for job in failed:
                print(drawing.line(job), file=sys.stderr)
            print(f"{len(failed)} of {len(self.jobs())} jobs failed. {AGAIN}", file=sys.stderr)
            sys.exit(1)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002
        if self.journal:
            self.note(config, "running")

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:  # noqa: ARG002
        if not self.journal:
            return
        value = job_return._return_value  # the public one prints a failure, and raises it
        if isinstance(value, BaseException):
            self.note(config, "failed", str(value) or repr(value))
        else:
            self.note(config, "done", score(value))

    def note(self, config: DictConfig, state: journal.State, said: str = "") -> None:
        assert self.journal
        number = int(config.hydra.job.num)
        name = self.named(config.hydra.overrides.task)
        journal.append(self.journal, number, name, state, said)
        if not self.lives:
            self.print(number)

    def print(self, number: int) -> None:
        found = self.jobs()
        (job,) = (job for job in found if job.number == number)
        print(f"[{drawing.heading(found)}] {drawing.line(job)}", flush=True)

    def table(self) -> Table:
        return drawing.table(self.jobs(), stderr().height)

    def jobs(self) -> list[journal.Job]:
        events = journal.read(self.journal) if self.journal else []
        return journal.jobs(self.planned, events, time.time())

    def named(self, overrides: Sequence[str]) -> str:
        """A job's overrides, without those that all jobs have."""
        return " ".join(own for own in overrides if own not in self.fixed) or "as configured"


def planned(config: DictConfig) -> list[list[str]]:
    """The overrides of each job that Hydra's own sweeper will run; none of another sweeper's."""
    sweeper = config.hydra.sweeper
    if sweeper._target_ != f"{BasicSweeper.__module__}.{BasicSweeper.__name__}":
        return []
    said = [f"{key}={value}" for key, value in (sweeper.params or {}).items()]
    overrides = OverridesParser.create().parse_overrides([*said, *config.hydra.overrides.task])
    (batch,) = BasicSweeper.split_arguments(overrides, max_batch_size=None)
    return batch


def common(cells: Sequence[Sequence[str]]) -> frozenset[str]:
    """The overrides of all jobs; of a single one, none: it would be left without a name."""
    if len(cells) < 2:
        return frozenset()
    return frozenset.intersection(*map(frozenset, cells))


def score(metrics: Mapping[str, Any]) -> str:
    """Of a run's metrics.json, such as "random/test/ua 58.1 %"."""
    found = {name: value for name, value in metrics.items() if name.endswith("/test/ua")}
    return ", ".join(f"{name} {value:.1%}" for name, value in found.items())
