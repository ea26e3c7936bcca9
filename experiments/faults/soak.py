"""Make many short runs with one cache, in processes that are killed repeatedly.

    python experiments/faults/soak.py --runs 200 --processes 4 --seed 0 --life 8

The corpus is written by this script: synthetic tones in noise, no speech. Every run is first made
without kills, in a separate folder and cache. Then all runs are made again by processes that get a
SIGKILL after a random time and are replaced until every run is finished; for a run that another
process is making, they wait. The results are compared: predictions.csv byte by byte, metrics.json
except for times. Exits with 1 if a run differs.
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import soundfile
from rich.progress import Progress

from ser_vae.run import configure, run
from ser_vae.terminal import stderr

RATE_HZ = 16_000
TONES_HZ = {"low": 300.0, "middle": 1500.0, "high": 4000.0}  # in place of emotions
OF_EACH = 12
SPEAKERS = 4
MODELS = {
    "majority": (),
    "vae": ("model.latent=16",),
    "logmel_svm": (),
    "ae": ("model.latent=16",),
    "pca": ("model.latent=16",),
    "cvae": ("model.latent=16",),
    "logmel_lstm": (),
    "speaker_lookup": (),
}
BRIEF = (
    *("training.pretrain.epochs=2", "training.pretrain.batch_size=64", "label_policies=headline"),
    *("training.classify.epochs=4", "training.classify.optimizer.lr=0.01", "threads=1", "jobs=1"),
    *("progress=false", "logger=none", "trainer=cpu"),
)
NOT_COMPARED = ("times_s",)
FORKED = multiprocessing.get_context("forkserver")  # PyTorch is imported once


def write_corpus(root: Path) -> None:
    rows = ["path,emotion,speaker"]
    time_s = np.arange(int(0.5 * RATE_HZ)) / RATE_HZ
    for emotion, tone_hz in TONES_HZ.items():
        for number in range(OF_EACH):
            rng = np.random.default_rng(len(rows))
            tone = np.sin(2 * np.pi * tone_hz * rng.normal(1, 0.05) * time_s)
            samples = 0.1 * tone + 0.05 * rng.standard_normal(len(time_s))
            soundfile.write(root / f"{emotion}{number}.wav", samples, RATE_HZ)
            rows.append(f"{emotion}{number}.wav,{emotion},s{number % SPEAKERS}")
    (root / "list.csv").write_text("\n".join(rows) + "\n")


def overrides(number: int, folder: Path) -> list[str]:
    """Return the overrides of a run, whose number determines its model and its seed."""
    seed, which = divmod(number, len(MODELS))
    model, own = list(MODELS.items())[which]
    corpus = ("corpus=folder", f"corpus.root={folder.parent / 'tones'}", "corpus.csv=list.csv")
    places = (f"runs={folder / 'runs'}", f"cache={folder / 'cache'}")
    return [*corpus, *places, *BRIEF, f"model={model}", *own, f"seed={seed}"]


def work(numbers: list[int], folder: Path, done: Connection) -> None:
    """Make runs one after another, and send the number of each finished one."""
    with (folder / "output.txt").open("a") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    for number in numbers:
        run(configure(*overrides(number, folder)))
        done.send(number)


@dataclass
class Soak:
    """A pool of processes that make the runs of a folder and are killed at random.

    Attributes:
        folder: gets `runs`, `cache` and `output.txt`.
        life_s: seconds after which a process is killed, on average; None: never.
        chance: draws the lifetimes, and the run with which a process begins.
    """

    folder: Path
    count: int
    life_s: float | None
    chance: random.Random
    kills: int = 0
    starts: int = 0
    done: set[int] = field(default_factory=set)
    at_work: dict[Connection, tuple[BaseProcess, float]] = field(default_factory=dict)

    def go(self, processes: int, bar: Progress) -> None:
        """Run until all runs are done; replace each process that ends before that."""
        task = bar.add_task(self.folder.name, total=self.count)
        while len(self.done) < self.count:
            while len(self.at_work) < processes:
                self.start()
            for receiver in wait(list(self.at_work), timeout=0.05):
                self.receive(receiver)  # type: ignore[arg-type]
            self.kill_the_due()
            bar.update(task, completed=len(self.done), description=f"{self.kills} kills")
        for process, _ in self.at_work.values():
            process.kill()

    def start(self) -> None:
        left = [number for number in range(self.count) if number not in self.done]
        first = self.chance.randrange(len(left))
        receiver, sender = FORKED.Pipe(duplex=False)
        arguments = (left[first:] + left[:first], self.folder, sender)
        process = FORKED.Process(target=work, args=arguments)
        process.start()
        sender.close()
        life_s = self.chance.expovariate(1 / self.life_s) if self.life_s else float("inf")
        self.at_work[receiver] = (process, time.monotonic() + life_s)
        self.starts += 1

    def receive(self, receiver: Connection) -> None:
        try:
            self.done.add(receiver.recv())
        except EOFError:
            process, _ = self.at_work.pop(receiver)
            process.join()
            if process.exitcode:
                last = (self.folder / "output.txt").read_text()[-2_000:]
                raise SystemExit(f"a process failed; its output ends with\n{last}") from None

    def kill_the_due(self) -> None:
        now = time.monotonic()
        for receiver, (process, end) in list(self.at_work.items()):
            if end < now:
                process.kill()
                process.join()
                del self.at_work[receiver]
                self.kills += 1


def results(runs: Path) -> dict[str, tuple[bytes, str]]:
    """Return the predictions and metrics that are compared, by the name of the run folder."""
    found = {}
    for path in runs.glob("random/*/metrics.json"):
        metrics = json.loads(path.read_text())
        kept = {key: value for key, value in metrics.items() if key not in NOT_COMPARED}
        predictions = (path.parent / "predictions.csv").read_bytes()
        found[path.parent.name] = (predictions, json.dumps(kept, sort_keys=True))
    return found


def soak(count: int, processes: int, life_s: float, seed: int, folder: Path) -> dict[str, float]:
    (folder / "tones").mkdir()
    write_corpus(folder / "tones")
    chance = random.Random(seed)
    for name in ("clean", "killed"):
        (folder / name).mkdir()
    with Progress(console=stderr()) as bar:
        Soak(folder / "clean", count, None, chance).go(processes, bar)
        began = time.monotonic()
        killed = Soak(folder / "killed", count, life_s, chance)
        killed.go(processes, bar)
    seconds = round(time.monotonic() - began)
    clean, got = results(folder / "clean" / "runs"), results(folder / "killed" / "runs")
    return {
        "runs": count,
        "processes": processes,
        "kills": killed.kills,
        "restarts": killed.starts - processes,
        "seconds": seconds,
        "compared": len(clean),
        "different": sum(got.get(name) != found for name, found in clean.items()),
        "parts_taken_for_results": len(got) - len(clean),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0, help="of the kills")
    parser.add_argument("--life", type=float, default=10, help="s until a kill, on average")
    parser.add_argument("--to", type=Path, default=Path(__file__).with_name("soak.json"))
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # processes share the cores
    FORKED.set_forkserver_preload(["ser_vae.run", "ser_vae.pipeline"])
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        found = soak(asked.runs, asked.processes, asked.life, asked.seed, Path(folder))
    command = " ".join(["python", "experiments/faults/soak.py", *sys.argv[1:]])
    asked.to.write_text(json.dumps({"command": command, **found}, indent=1) + "\n")
    print(asked.to.read_text())
    return int(found["different"] > 0 or found["compared"] < asked.runs)


if __name__ == "__main__":
    sys.exit(main())
