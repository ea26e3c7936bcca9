"""Measure how long the report of 45 runs takes: its tables, and its page.

    python experiments/benchmarks/report.py

The runs are written by the fixtures of the tests: Table I with five seeds, 1,600 test utterances of
four emotions in each run, latents, spectrograms and, for each CVAE, two label policies. The report
is a command in a separate process.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import write

sys.path.extend(  # where `Study` is, and what it imports
    str(Path(__file__).parents[2] / place)
    for place in ("tests/report", "tests", "experiments/faults")
)

from conftest import Study, fill, guess, health

EMOTIONS = ("neutral", "happy", "sad", "angry")
SPEAKERS = range(160)  # of ten utterances each
SEEDS = 5
ROUNDS = 3


def write_runs(folder: Path) -> None:
    study = Study(folder)
    for subset, data in enumerate(("improvised", "scripted", "complete")):
        for order, model in enumerate(("ae", "vae", "cvae")):
            for seed in range(SEEDS):
                utterances = {"speakers": SPEAKERS, "emotions": EMOTIONS}
                numbers = {"seed": SEEDS * subset + seed, "order": order}
                predicted = guess(0.5 + 0.05 * order, **numbers, **utterances)
                policies = {"null": predicted, "elbo": predicted} if model == "cvae" else {}
                run = study.run(
                    *(f"model={model}", f"data={data}"),
                    seed=seed,
                    guesses=predicted,
                    policies=policies,
                    health=health(),
                )
                fill(run, predicted, conditional=model == "cvae")


def seconds(*command: str) -> dict[str, float]:
    """Return wall-clock time, and CPU time, which other work on the machine does not change."""
    start, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return {"wall_s": round(time.perf_counter() - start, 1), "cpu_s": round(cpu, 1)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write_runs(Path(folder))
        report = ("-m", "ser_vae.report", folder)
        tables, page = (
            min(
                (seconds(*report, *options) for _ in range(ROUNDS)), key=lambda time: time["wall_s"]
            )
            for options in ((), ("--html",))
        )
        size = (Path(folder) / "report.html").stat().st_size
    figures = {"runs": 45, "tables": tables, "page": page, "page_bytes": size}
    print(write("report", figures).read_text())
