"""Measure how much other busy processes slow down training, by number of threads.

    python experiments/benchmarks/threads.py

Pretrains the VAE by `ser_vae.training.fit`, with each setting in a separate process: alone, and
beside one and three busy processes. A setting is a number of threads, and how OpenMP's threads wait
for each other: active (they spin, the default) or passive. Reported are ms per step, and the ratio
to a fair share of the machine: with C cores and N busy processes, C / (N + 1) cores but at most
one, at the speed of one thread alone.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measured import write

WAITING = {"active": {}, "passive": {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}}
NEIGHBOURS = (0, 1, 3)
STEPS = """
import sys, time
import torch
import pretraining
threads, segments = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
data = pretraining.material(segments)
epoch = pretraining.ours(data)
epoch()
began = time.perf_counter()
epoch()
print((time.perf_counter() - began) / -(-segments // pretraining.BATCH) * 1000)
"""


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep `count` cores busy."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def ms_per_step(threads: int, waiting: str, segments: int) -> float:
    environment = {**os.environ, **WAITING[waiting], "PYTHONPATH": str(Path(__file__).parent)}
    environment.pop("OMP_NUM_THREADS", None)
    command = [sys.executable, "-c", STEPS, str(threads), str(segments)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=3600
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--segments", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cores = os.cpu_count() or 1
    settings = [(1, "active"), *((n, w) for n in sorted({2, cores} - {1}) for w in WAITING)]
    seconds: dict[tuple[int, int, str], list[float]] = {}
    for _ in range(options.rounds):
        for neighbours in NEIGHBOURS:
            with busy(neighbours):
                for setting in settings:
                    ms = ms_per_step(*setting, options.segments)
                    seconds.setdefault((neighbours, *setting), []).append(ms)
    medians = {key: statistics.median(each) for key, each in seconds.items()}
    alone = medians[0, 1, "active"]
    results = {
        f"{threads} threads, {waiting}, {neighbours} neighbours": {
            "ms_a_step": round(ms, 2),
            "to_one_thread_alone": round(ms / alone, 2),
            "to_fair_share": round(ms / (alone * max(1, (neighbours + 1) / cores)), 2),
        }
        for (neighbours, threads, waiting), ms in medians.items()
    }
    print(write("threads", {"rounds": options.rounds, "settings": results}).read_text())


if __name__ == "__main__":
    main()
