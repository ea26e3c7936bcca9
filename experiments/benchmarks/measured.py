"""Shared by all benchmarks: rounds, ratios, and a JSON file with the command and the machine."""

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

from ser_vae.settings import Settings
from ser_vae.terminal import stderr
from ser_vae.training.fit import fit
from ser_vae.training.stage import Stage

FOLDER = Path(__file__).parent
PACKAGES = ("torch", "torchaudio", "lightning", "numpy")


def run_stage(settings: Settings, stage: Stage, data: Any, folder: Path) -> None:
    """Train a stage as a run does, without validation set and loggers."""
    fit(
        stage,
        data,
        [],  # type: ignore[arg-type]
        folder=folder,
        settings=getattr(settings.training, stage.stage),
        trainer=settings.trainer,
        compiled=settings.compile and stage.stage == "pretrain",
        loggers=[],
        progress=False,
    )


def machine() -> dict[str, Any]:
    """Describe the machine, so that figures from different machines are not compared."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),  # runnable processes, including this one
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def processor() -> str:
    """Return the name of the processor and whether it has bfloat16 instructions (Linux)."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    pairs = dict(line.split(":", 1) for line in lines if ":" in line)
    values = {key.strip(): value.strip() for key, value in pairs.items()}
    bf16 = "with" if "avx512_bf16" in values.get("flags", "") else "without"
    return f"{values.get('model name', platform.machine())}, {bf16} avx512_bf16"


def write(name: str, results: Mapping[str, Any]) -> Path:
    """Write the results, the machine and the command to `name`.json beside the scripts."""
    command = " ".join(
        ["python", f"experiments/benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]
    )
    path = FOLDER / f"{name}.json"
    text = json.dumps({"command": command, "machine": machine(), **results}, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Return the median of slower / faster within a round, in which both had a similar load."""
    ratios = [one / other for one, other in zip(slower, faster, strict=True)]
    return round(statistics.median(ratios), 2)


def rounds(contestants: Mapping[str, Callable[[], Any]], count: int) -> dict[str, list[float]]:
    """Return the seconds of each contestant per round, after one warm-up round."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in track(range(count + 1), "rounds", console=stderr()):
        for name, epoch in contestants.items():
            began = time.perf_counter()
            epoch()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return seconds
