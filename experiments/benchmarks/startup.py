"""Time what a user waits for: --help, the first epoch of a run, and loading a finished run.

    python experiments/benchmarks/startup.py

Uses the embedded corpus, whose features are in the store; each command is a separate process.
Reported are medians over the rounds. The first epoch ends when its curves are on disk.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measured import write
from rich.progress import track

from ser_vae.terminal import stderr

RUN = [sys.executable, "-m", "ser_vae.run"]
EPOCHS = ["training.pretrain.epochs=1", "training.classify.epochs=1"]


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def to_first_epoch(command: list[str], runs: Path) -> float:
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not list(runs.glob("pretrained/*/pretrain.csv")):
            if process.poll():
                raise SystemExit(f"failed: {' '.join(command)}")
            time.sleep(0.02)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    waits: dict[str, list[float]] = {"help": [], "first_epoch": [], "finished": []}
    for turn in track(range(asked.rounds + 1), "rounds", console=stderr()):
        with tempfile.TemporaryDirectory() as folder:
            command = [*RUN, "corpus=demo", "data=improvised", *EPOCHS, f"runs={folder}"]
            found = {
                "help": seconds([*RUN, "--help"]),
                "first_epoch": to_first_epoch(command, Path(folder)),
                "finished": seconds(command),
            }
        if turn:  # the first round, which makes the corpus and its features, does not count
            for name, own in found.items():
                waits[name].append(own)
    medians = {name: round(statistics.median(own), 2) for name, own in waits.items()}
    print(write("startup", {"rounds": asked.rounds, "seconds": medians}).read_text())


if __name__ == "__main__":
    main()
