"""How many cores a job of a sweep gets when several run at the same time."""

import os
from collections.abc import Mapping
from typing import Any


def divide_cores(config: Mapping[str, Any], launcher: Mapping[str, Any]) -> dict[str, Any]:
    """Return `config` with `jobs` and `threads` set to the cores of a job, unless they are set.

    Slurm grants a job `cpus_per_task`; joblib's `n_jobs` jobs divide this machine; a job of Hydra's
    own launcher has all cores. The environment variable OMP_NUM_THREADS, which joblib sets, takes
    precedence for `threads`.
    """
    cores: int | None = launcher.get("cpus_per_task")
    if n_jobs := launcher.get("n_jobs"):
        from joblib import cpu_count  # noqa: PLC0415  (rarely needed)

        available = cpu_count()  # that this process may use
        parallel = n_jobs if n_jobs > 0 else max(1, available + 1 + n_jobs)  # -2: all but one
        cores = max(1, available // parallel)
    threads = config["threads"] or (None if "OMP_NUM_THREADS" in os.environ else cores)
    return {**config, "jobs": config["jobs"] or cores, "threads": threads}
