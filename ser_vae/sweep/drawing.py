"""A sweep as a table that fits the screen, or as a line."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ser_vae.sweep.journal import Job, time_left_s

STYLE = {"waiting": "dim", "running": "bold", "done": "", "failed": "bold red"}
BELOW = 12  # lines of a terminal that a bar and a run's own words need


def table(jobs: Sequence[Job], height: int) -> Table:
    """A row a job; where there are more than lines, those that one would look for."""
    drawn = Table(title=heading(jobs), title_justify="left", box=None, pad_edge=False)
    drawn.add_column("job", justify="right")
    drawn.add_column("overrides", overflow="fold")
    drawn.add_column("state")
    drawn.add_column("time", justify="right")
    drawn.add_column("result", overflow="fold")
    shown = chosen(jobs, max(3, height - BELOW))
    for job in shown:
        took = duration(job.took_s) if job.state != "waiting" else ""
        said = job.said.partition("\n")[0]  # of an error, what is wrong; the end says it whole
        cells = (str(job.number + 1), job.name, job.state, took, said)
        drawn.add_row(*map(Text, cells), style=STYLE[job.state])
    if hidden := len(jobs) - len(shown):
        drawn.caption = f"{hidden} more are not shown"
    return drawn


def chosen(jobs: Sequence[Job], lines: int) -> list[Job]:
    """At most `lines` of them, in order: running, failed, the next, the last done."""
    if len(jobs) <= lines:
        return list(jobs)
    wanted = [job for job in jobs if job.state == "running"]
    wanted += [job for job in reversed(jobs) if job.state == "failed"]
    wanted += [job for job in jobs if job.state == "waiting"][:2]
    wanted += [job for job in reversed(jobs) if job.state == "done"]
    wanted += [job for job in jobs if job.state == "waiting"][2:]
    return sorted(wanted[:lines], key=lambda job: job.number)


def line(job: Job) -> str:
    """Such as "job 7, model=vae seed=1: done in 41 s: random/test/ua 58.1%"."""
    took = "" if job.state == "running" else f" in {duration(job.took_s)}"
    said = f": {job.said}" if job.said else ""
    return f"job {job.number + 1}, {job.name}: {job.state}{took}{said}"


def heading(jobs: Sequence[Job]) -> str:
    """Such as "7 of 45 done, 1 failed, about 12 min left"."""
    left_s = time_left_s(jobs)
    count = {state: sum(job.state == state for job in jobs) for state in STYLE}
    words = [f"{count['done']} of {len(jobs)} done"]
    if count["failed"]:
        words.append(f"{count['failed']} failed")
    if left_s is not None and count["waiting"] + count["running"]:
        words.append(f"about {duration(left_s)} left")
    return ", ".join(words)


def not_done(jobs: Sequence[Job]) -> str:
    """Such as "1 of 9 jobs failed, 3 did not end."; empty where all are done."""
    failed = sum(job.state == "failed" for job in jobs)
    open_still = sum(job.state in ("waiting", "running") for job in jobs)
    if not failed + open_still:
        return ""
    words = [f"{failed} of {len(jobs)} jobs failed"]
    if open_still:
        words.append(f"{open_still} did not end")
    return f"{', '.join(words)}."


def duration(seconds: float) -> str:
    """59 s | 12 min | 3 h 05 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
