"""A sweep's journal: what it says of each job, and of the time left."""

import multiprocessing
from pathlib import Path

import pytest

from ser_vae.sweep.journal import Event, Job, append, begin, jobs, read, time_left_s

PLANNED = ["seed=0", "seed=1", "seed=2", "seed=3"]


def test_sweeps_that_begin_at_once_in_one_process_have_a_folder_each(tmp_path: Path) -> None:
    assert len({begin(tmp_path / "runs" / ".sweeps") for _ in range(20)}) == 20


def test_a_job_waits_runs_and_ends() -> None:
    events = [
        Event(0, "seed=0", "running", "", 100.0),
        Event(0, "seed=0", "done", "58 %", 130.0),
        Event(1, "seed=1", "running", "", 130.0),
        Event(1, "seed=1", "failed", "no such file", 131.0),
        Event(2, "seed=2", "running", "", 140.0),
    ]
    assert jobs(PLANNED, events, now=150.0) == [
        Job(0, "seed=0", "done", "58 %", 30.0, 130.0),
        Job(1, "seed=1", "failed", "no such file", 1.0, 131.0),
        Job(2, "seed=2", "running", "", 10.0),
        Job(3, "seed=3", "waiting"),
    ]


def test_a_job_that_nobody_planned_is_known_when_it_begins() -> None:
    assert jobs([], [Event(4, "lr=0.1", "running", "", 1.0)], now=3.0) == [
        Job(4, "lr=0.1", "running", "", 2.0)
    ]


def done(number: int, took_s: float) -> Job:
    return Job(number, "", "done", "", took_s, ended_at=1.0 + number)


def test_the_time_left_is_that_of_the_jobs_to_come_by_the_mean_of_those_done() -> None:
    found = [done(0, 20.0), done(1, 40.0), Job(2, "", "running", "", 10.0), Job(3, "", "waiting")]
    assert time_left_s(found) == pytest.approx(30 + 20)


def test_jobs_that_run_at_once_share_the_time_left() -> None:
    running = [Job(number, "", "running", "", 0.0) for number in (1, 2)]
    waiting = [Job(number, "", "waiting") for number in (3, 4)]
    assert time_left_s([done(0, 30.0), *running, *waiting]) == pytest.approx(4 * 30 / 2)


def test_jobs_that_were_found_done_do_not_count_for_long() -> None:
    found = [done(number, 0.5) for number in range(30)]
    found += [done(number, 60.0) for number in range(30, 40)] + [Job(40, "", "waiting")]
    assert time_left_s(found) == pytest.approx(60)


def test_nobody_knows_the_time_left_before_a_job_has_ended() -> None:
    assert time_left_s([Job(0, "", "running", "", 5.0), Job(1, "", "waiting")]) is None


def write_many(path: Path, job: int) -> None:
    for _ in range(200):
        append(path, job, "x" * 300, "done")


def test_processes_that_write_at_once_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=write_many, args=(path, job)) for job in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(read(path)) == 800


def test_a_sweep_that_has_not_begun_has_no_events(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == []
