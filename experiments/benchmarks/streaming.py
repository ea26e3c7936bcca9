"""What a stream costs: CPU seconds for a second of audio on one core, and the first result.

    python experiments/benchmarks/streaming.py [RUN …]

Noise in blocks of several sizes. Without runs: models of the default sizes, trained for an epoch on
the embedded corpus.
"""

import argparse
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
BLOCKS_MS = (10, 20, 100, 1000)
EPOCHS = ["training.pretrain.epochs=1", "training.classify.epochs=1", "label_policies=headline"]
MODELS = {
    "vae": ["model=vae"],
    "cvae, predicted": ["model=cvae", "label_policy=predicted"],
}


def push_all(recogniser: Recogniser, rate: int, block_ms: int, audio_s: float) -> dict[str, float]:
    """Stream noise; return CPU time by second of audio, and the audio before the first result."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(round(audio_s * rate), np.float32)
    blocks = np.split(noise, range(0, len(noise), rate * block_ms // 1000))[1:]
    stream, first_ms, slowest_s = recogniser.stream(), 0, 0.0
    stream.push(noise, rate)
    stream.finish()
    began = time.process_time()
    for number, block in enumerate(blocks, 1):
        pushed = time.perf_counter()
        predictions = stream.push(block, rate)
        slowest_s = max(slowest_s, time.perf_counter() - pushed)
        if predictions and not first_ms:
            first_ms = number * block_ms
    cpu_s = (time.process_time() - began) / audio_s
    return {
        "cpu_ms_per_s": round(1000 * cpu_s, 2),
        "times_real_time": round(1 / cpu_s),
        "first_result_ms": first_ms,
        "slowest_push_ms": round(1000 * slowest_s, 1),
    }


def hour_mb(recogniser: Recogniser) -> tuple[int, int]:
    """Return the memory of the process after a minute of a stream and after an hour, in MB."""
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
    parser.add_argument("--seconds", type=float, default=60)
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
            figures = push_all(ser_vae.load(paths[name]), rate, block_ms, options.seconds)
            results.append({"model": name, "rate_hz": rate, "block_ms": block_ms, **figures})
        after_minute, after_hour = hour_mb(ser_vae.load(next(iter(paths.values()))))
    figures = {
        "audio_s": options.seconds,
        "results": results,
        "memory_after_a_minute_mb": after_minute,
        "memory_after_an_hour_mb": after_hour,
    }
    print(write("streaming", figures).read_text())


if __name__ == "__main__":
    main()
