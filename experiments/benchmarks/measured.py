"""What a benchmark says of itself: the machine, the command, the figures."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

from ser_vae.terminal import stderr

FOLDER = Path(__file__).parent
PACKAGES = ("torch", "torchaudio", "lightning", "numpy")


def machine() -> dict[str, Any]:
    """Enough to know whether another's figures may be compared with these."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # jobs at work, the benchmark's own among them
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def processor() -> str:
    """Its name where Linux tells it, and whether it has bfloat16 instructions."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    found = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {key.strip(): value.strip() for key, value in found.items()}
    bf16 = "with" if "avx512_bf16" in told.get("flags", "") else "without"
    return f"{told.get('model name', platform.machine())}, {bf16} avx512_bf16"


def write(name: str, results: Mapping[str, Any]) -> Path:
    """Put the figures, the machine and the command beside the scripts, as `name`.json."""
    command = " ".join(["python", f"experiments/benchmarks/{name}.py", *sys.argv[1:]])
    path = FOLDER / f"{name}.json"
    text = json.dumps({"command": command, "machine": machine(), **results}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """How many times as fast: the median of the rounds' ratios, as a round shares the load."""
    rounds = [one / other for one, other in zip(slower, faster, strict=True)]
    return round(statistics.median(rounds), 2)


def rounds(contestants: Mapping[str, Callable[[], Any]], count: int) -> dict[str, list[float]]:
    """Seconds of each, after a round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in track(range(count + 1), "rounds", console=stderr()):
        for name, epoch in contestants.items():
            began = time.perf_counter()
            epoch()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return seconds
