"""The jobs of a sweep as a table that fits the terminal."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.table import Table
from rich.text import Text

STYLES = {"running": "bold", "failed": "bold red", "done": ""}
RESERVED = 12  # lines of a terminal, for progress bars and for what a run prints
RECENT = 10  # jobs whose mean duration predicts the others': a resumed sweep starts with quick ones


@dataclass(frozen=True)
class Job:
    """A job that has started.

    Attributes:
        number: from 0.
        name: the overrides in which the jobs differ.
        state: one of `STYLES`.
        text: its score or its error.
        start, end: in s since the epoch; `end` is 0 while it runs.
    """

    number: int
    name: str
    state: str = "running"
    text: str = ""
    start: float = 0.0
    end: float = 0.0

    @property
    def duration_s(self) -> float:
        """The time that it took, or that it has taken until now."""
        return (self.end or time.time()) - self.start


def draw(jobs: Sequence[Job], total: int, height: int) -> Table:
    """Draw a row per job; of too many for the terminal, the running, failed and latest ones."""
    columns = ("job", "overrides", "state", "time", "result")
    table = Table(*columns, title=heading(jobs, total), title_justify="left", box=None)
    ranked = sorted(jobs, key=lambda job: ([*STYLES].index(job.state), -job.end))
    for job in sorted(ranked[: max(3, height - RESERVED)], key=lambda job: job.number):
        result = job.text.partition("\n")[0]
        cells = (job.number + 1, job.name, job.state, format_duration(job.duration_s), result)
        texts = (Text(str(cell), overflow="fold") for cell in cells)  # brackets are no markup
        table.add_row(*texts, style=STYLES[job.state])
    return table


def heading(jobs: Sequence[Job], total: int) -> str:
    """Summarise a sweep, such as "7 of 45 done, 1 failed, about 0:12:00 left"."""
    states = [job.state for job in jobs]
    ended = [job.duration_s for job in jobs if job.end][-RECENT:]
    text = f"{states.count('done')} of {total} done, {states.count('failed')} failed"
    remaining = total - len(jobs) + states.count("running")
    mean_s = sum(ended) / max(1, len(ended))
    left_s = mean_s * remaining / max(1, states.count("running"))
    return f"{text}, about {format_duration(left_s)} left" if left_s else text


def format_duration(seconds: float) -> str:
    """Format as h:mm:ss."""
    return str(timedelta(seconds=round(seconds)))
