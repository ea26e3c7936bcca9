"""Measure streaming: CPU time per second of audio on one core, and the audio before a result.

    python experiments/benchmarks/streaming.py [RUN …]

The input is noise in blocks of several sizes. Without RUN, models of the default sizes are trained
for an epoch on the embedded corpus.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from measured import write
from memory import anonymous_mb
from rich.progress import track

import ser_vae
from ser_vae.recogniser import Recogniser
from ser_vae.terminal import stderr

RATES_HZ = (16_000, 48_000)
BLOCKS_MS = (5, 20, 100, 1000)
ROUND_S = 2  # of audio
EPOCHS = ["training.pretrain.epochs=1", "training.classify.epochs=1", "label_policies=headline"]
MODELS = {
    "vae": ["model=vae"],
    "cvae, predicted": ["model=cvae", "label_policy=predicted"],
}


def push_all(recogniser: Recogniser, rate: int, block_ms: int, rounds: int) -> dict[str, float]:
    """Stream noise; return CPU time per second of audio, and the audio before the first result."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(ROUND_S * rate, np.float32)
    blocks = np.split(noise, range(0, len(noise), rate * block_ms // 1000))[1:]
    stream, cpu_s, first_ms = recogniser.stream(), [], 0
    for _ in range(rounds + 1):
        began = time.process_time()
        results = [stream.push(block, rate) for block in blocks]
        stream.finish()
        cpu_s.append((time.process_time() - began) / ROUND_S)
        first_ms = next(number for number, new in enumerate(results, 1) if new) * block_ms
    del cpu_s[0]
    return {
        "cpu_ms_per_s": round(1000 * statistics.median(cpu_s), 2),
        "times_real_time": round(1 / statistics.median(cpu_s)),
        "times_real_time_fastest_round": round(1 / min(cpu_s)),
        "first_result_ms": first_ms,
    }


def hour_mb(recogniser: Recogniser) -> tuple[int, int]:
    """Return the memory of the process after a minute and after an hour of streaming, in MB."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000, np.float32)
    stream, memory = recogniser.stream(), []
    for second in range(3600):
        stream.push(noise, 16_000)
        if second in (59, 3599):
            memory.append(anonymous_mb())
    return memory[0], memory[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="*", metavar="RUN")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = {run: Path(run) for run in options.runs}
        for name, overrides in {} if paths else MODELS.items():
            settings = ["corpus=demo", "data=improvised", "logger=none", f"runs={folder}", *EPOCHS]
            paths[name] = ser_vae.train(*settings, *overrides).path
        cases = [
            (name, rate, block_ms) for name in paths for rate in RATES_HZ for block_ms in BLOCKS_MS
        ]
        results = []
        for name, rate, block_ms in track(cases, "streaming", console=stderr()):
            figures = push_all(ser_vae.load(paths[name]), rate, block_ms, options.rounds)
            results.append({"model": name, "rate_hz": rate, "block_ms": block_ms, **figures})
        after_minute, after_hour = hour_mb(ser_vae.load(next(iter(paths.values()))))
    figures = {
        "rounds": options.rounds,
        "results": results,
        "memory_after_a_minute_mb": after_minute,
        "memory_after_an_hour_mb": after_hour,
    }
    print(write("streaming", figures).read_text())


if __name__ == "__main__":
    main()
