"""A multirun shows what its jobs do, names those that failed and exits with 1."""

import io
import re
from typing import Any

from rich.console import Console
from run_files import folders

from ser_vae import sweep
from ser_vae.sweep import RECENT, RESERVED, Job, draw, heading


def test_failed_jobs_are_named_and_the_others_finish(multirun, tmp_path):
    code, text = multirun("model=majority,speaker_lookup", "split=session,random")
    assert code == 1
    for job in ("job 1, model=majority split=session", "job 3, model=speaker_lookup split=session"):
        assert f"{job}: failed: split=session: the corpus does not state the session" in text
    assert "2 of 4 done, 2 failed. Repeat the command to do the others." in text
    assert "Traceback" not in text
    assert [folder.name.partition("-")[0] for folder in folders(tmp_path / "runs")] == [
        "majority",
        "speaker_lookup",
    ]


def test_an_unexpected_error_leaves_the_other_jobs_alone(multirun, monkeypatch):
    def fails_for_seed_0(config: dict[str, Any], **_: Any) -> dict[str, float]:
        return {"random/test/ua": 1 / config["seed"]}

    monkeypatch.setattr("ser_vae.run.run", fails_for_seed_0)
    code, text = multirun("seed=0,1")
    assert code == 1
    assert "job 1, seed=0: failed: ZeroDivisionError: division by zero" in text
    assert "1 of 2 done, 1 failed" in text


def test_on_a_terminal_a_live_table_has_a_row_per_job(multirun, monkeypatch):
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(sweep, "stderr", lambda: terminal)
    code, _ = multirun("model=majority", "seed=0,1", "progress=true")
    assert code == 0
    shown = terminal.file.getvalue()  # type: ignore[attr-defined]
    last = shown.rpartition("2 of 2 done")[2]
    for number in (0, 1):
        assert re.search(rf"{number + 1} +seed={number} +done +\S+ +random/test/ua 33.3%", last)
    assert "\x1b[?25h" in shown  # the cursor is visible again


def render(jobs: list[Job], height: int) -> str:
    console = Console(width=100, height=height)
    with console.capture() as capture:
        console.print(draw(jobs, 100, height))
    return capture.get()


def test_a_long_sweep_shows_what_runs_what_failed_and_what_ended_last():
    jobs = [Job(n, f"lr=[{n}]", "done", "", 1.0, 2.0 + n) for n in range(10, 90)]
    jobs += [Job(1, "lr=[1]", "failed", "no such file\nRestore it.", 1.0, 5.0), Job(5, "lr=[5]")]
    text = render(jobs, RESERVED + 4)
    assert [row.split()[1] for row in text.splitlines()[2:]] == [
        *("lr=[1]", "lr=[5]", "lr=[88]", "lr=[89]")
    ]
    assert "no such file" in text
    assert "Restore it" not in text


def test_the_heading_counts_and_predicts_by_the_latest_jobs():
    quick = [Job(n, "", "done", "", 1.0, 1.0) for n in range(30)]  # found finished
    slow = [Job(n, "", "done", "", 1.0, 61.0) for n in range(30, 30 + RECENT)]
    running = [Job(n, "", start=1.0) for n in (40, 41)]
    assert heading([], 44) == "0 of 44 done, 0 failed"
    assert heading([*quick, *slow], 40) == "40 of 40 done, 0 failed"
    assert heading([*quick, *slow], 44) == "40 of 44 done, 0 failed, about 0:04:00 left"
    assert heading([*quick, *slow, *running], 44).endswith("about 0:02:00 left")  # two at a time
