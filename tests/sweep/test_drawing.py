"""The table of a sweep fits the screen and shows what one would look for."""

import pytest
from rich.console import Console

from ser_vae.sweep.drawing import BELOW, chosen, duration, heading, line, table
from ser_vae.sweep.journal import Job

RUNNING = Job(1, "seed=1", "running", "", 12.0)
FAILED = Job(0, "seed=0", "failed", "a.wav: no such file\nMend it.", 1.0, 5.0)
DONE = Job(2, "seed=2", "done", "random/test/ua 58.1%", 59.0, 9.0)


def drawn(jobs: list[Job], height: int = 40) -> str:
    console = Console(width=80, height=height, record=True)
    with console.capture() as capture:
        console.print(table(jobs, height))
    return capture.get()


def test_every_job_is_shown_with_its_state_and_result() -> None:
    text = drawn([FAILED, RUNNING, DONE, Job(3, "seed=3", "waiting")])
    assert "1 of 4 done, 1 failed, about" in text
    rows = [row.split() for row in text.splitlines()]
    assert ["2", "seed=1", "running", "12", "s"] in rows
    assert ["3", "seed=2", "done", "59", "s", "random/test/ua", "58.1%"] in rows
    assert ["4", "seed=3", "waiting"] in rows
    assert "no such file" in text
    assert "Mend it" not in text


def test_a_name_in_brackets_is_no_markup() -> None:
    assert "trainer=[gpu,bf16]" in drawn([Job(0, "trainer=[gpu,bf16]", "waiting")])


def test_a_long_sweep_shows_what_runs_and_what_failed() -> None:
    jobs = [Job(n, f"seed={n}", "done", "", 1.0, 1.0) for n in range(300)]
    jobs += [Job(300, "seed=300", "failed", "no", 1.0, 2.0), Job(301, "seed=301", "running")]
    jobs += [Job(n, f"seed={n}", "waiting") for n in range(302, 400)]
    shown = chosen(jobs, 8)
    assert [job.number for job in shown] == [296, 297, 298, 299, 300, 301, 302, 303]
    text = drawn(jobs, height=8 + BELOW)
    assert len(text.splitlines()) <= 8 + BELOW
    assert "392 more are not shown" in text


def test_a_finished_sweep_has_no_time_left() -> None:
    assert heading([FAILED, DONE]) == "1 of 2 done, 1 failed"


def test_a_line_says_what_became_of_a_job() -> None:
    assert line(DONE) == "job 3, seed=2: done in 59 s: random/test/ua 58.1%"
    assert line(RUNNING) == "job 2, seed=1: running"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59.4, "59 s"), (61, "1 min"), (3540, "59 min"), (3900, "1 h 05 min")],
)
def test_a_duration_is_said_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said
