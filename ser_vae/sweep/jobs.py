"""What a job of a sweep gets of this machine, and the value that it returns to a sweeper."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError


def divide_cores(config: Mapping[str, Any], launcher: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `jobs` set to the cores of a job, unless it is set.

    Slurm grants a job `cpus_per_task`; joblib's `n_jobs` jobs divide this machine; a job of Hydra's
    own launcher has all cores.
    """
    cores: int | None = launcher.get("cpus_per_task")
    if n_jobs := launcher.get("n_jobs"):
        from joblib import cpu_count  # noqa: PLC0415  (rarely needed)

        available = cpu_count()  # that this process may use
        parallel = n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)  # -2: all but one
        cores = max(1, available // parallel)
    return {**config, "jobs": config["jobs"] or cores}


def choose_gpu(number: int, launcher: Mapping[str, Any]) -> None:
    """Let job `number` see one of the GPUs, if several jobs run at the same time on several.

    A process keeps its GPU for the jobs that follow.
    """
    if launcher.get("n_jobs", 1) > 1:
        every = ",".join(map(str, range(gpu_count())))
        if visible := os.environ.get("CUDA_VISIBLE_DEVICES") or every:
            gpus = visible.split(",")
            os.environ["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]


def gpu_count() -> int:
    import torch  # noqa: PLC0415  (slow)

    return torch.cuda.device_count()


def jobs_at_once(accelerator: str) -> int:
    """Return one job per GPU that they would use; otherwise -1, which means one per core."""
    return -1 if accelerator == "cpu" else gpu_count() or -1


def read_objective(objective: str | None, folder: Path) -> dict[str, float]:
    """Read {"objective": value after the last epoch} of a finished run; {} if none is set.

    Raises:
        SerVaeError: the run has no curves of that stage, or they do not have the quantity.
    """
    if objective is None:
        return {}
    path = folder / f"{objective.partition('/')[0]}.csv"
    rows = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else [{}]
    if objective not in rows[-1]:
        known = ", ".join(name for name in rows[-1] if "/validation/" in name)
        raise SerVaeError(
            f"objective={objective}: this run has no such quantity.\n"
            f"It has: {known or 'none, as its model or classifier is no network'}."
        )
    return {"objective": float(rows[-1][objective])}
