"""Says what jobs in other processes, or on other machines, note in the journal."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ser_vae.sweep import drawing, journal

EVERY_S = 0.5


class Following:
    """Prints a line an event until `stop`; one that came late from another machine is not lost."""

    def __init__(self, path: Path, planned: Sequence[str]) -> None:
        self.path, self.planned = path, planned
        self.said: set[journal.Event] = set()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._follow, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()

    def _follow(self) -> None:
        while not self.ended.wait(EVERY_S):
            self._say()
        self._say()

    def _say(self) -> None:
        events = journal.read(self.path)
        for number, event in enumerate(events):
            if event not in self.said:
                self.said.add(event)
                print(line(self.planned, events[: number + 1], event), flush=True)


def line(planned: Sequence[str], events: Sequence[journal.Event], event: journal.Event) -> str:
    """An event, and how the sweep stood after `events`."""
    found = journal.jobs(planned, events, time.time())
    (job,) = (job for job in found if job.number == event.job)
    return f"[{drawing.heading(found)}] {drawing.line(job)}"
