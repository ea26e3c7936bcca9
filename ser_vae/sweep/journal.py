"""What happened in a sweep: a folder with a file a job, in it a line of JSON an event.

One process at a time runs a job, so that one writes a file: network file systems lose lines that
several machines append at once.
"""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ser_vae import SerVaeError

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Event:
    """A job began or ended.

    Attributes:
        job: its number, from 0.
        name: its overrides.
        state: "running" where it began.
        said: its score, or why it failed.
        at: s since the epoch.
    """

    job: int
    name: str
    state: State
    said: str
    at: float


def begin(sweeps: Path) -> Path:
    """A folder of its own for the sweep that begins now, whoever else begins one in this second.

    Raises:
        SerVaeError: there can be none.
    """
    folder = sweeps / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise SerVaeError(
            f"{folder}: no folder can be made there: {error.strerror}.\n"
            "Give a folder that can be written to: runs=…"
        ) from error
    return folder


def append(folder: Path, job: int, name: str, state: State, said: str = "") -> Event:
    """Note an event of now."""
    event = Event(job, name, state, said, time.time())
    with (folder / f"{job}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(event)) + "\n")
    return event


def read(folder: Path) -> list[Event]:
    """All events in the order of their times; a line that is still being written is not one yet."""
    lines = [
        line
        for path in folder.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
    ]
    events = [Event(**json.loads(line)) for line in lines if line.endswith("\n")]
    return sorted(events, key=lambda event: event.at)


@dataclass(frozen=True)
class Job:
    """A job of a sweep as it stands; `took_s` until now where it is running."""

    number: int
    name: str
    state: State
    said: str = ""
    took_s: float = 0.0
    ended_at: float = 0.0


def jobs(planned: Sequence[str], events: Sequence[Event], now: float) -> list[Job]:
    """The jobs of a sweep, in order; those that nobody planned are known from when they begin."""
    found = {number: Job(number, name, "waiting") for number, name in enumerate(planned)}
    began: dict[int, float] = {}
    for event in events:
        running = event.state == "running"
        if running:
            began[event.job] = event.at
        took_s = (now if running else event.at) - began.get(event.job, event.at)
        ended_at = 0.0 if running else event.at
        found[event.job] = Job(event.job, event.name, event.state, event.said, took_s, ended_at)
    return [found[number] for number in sorted(found)]


LATEST = 10  # jobs whose duration stands for those to come: a resumed sweep begins with quick ones


def time_left_s(found: Sequence[Job]) -> float | None:
    """What the jobs to come and those at work will take, as many at once as now; None: no idea."""
    ended = sorted((job for job in found if job.ended_at), key=lambda job: job.ended_at)[-LATEST:]
    if not ended:
        return None
    each_s = sum(job.took_s for job in ended) / len(ended)
    waiting = sum(job.state == "waiting" for job in found)
    running = [job.took_s for job in found if job.state == "running"]
    still_s = sum(max(0.0, each_s - own) for own in running)
    return (waiting * each_s + still_s) / max(1, len(running))
