"""The part of a machine that a job of a sweep has, where it does not have it to itself."""

import os
from collections.abc import Mapping
from typing import Any


def divided(config: Mapping[str, Any], launcher: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with as many `jobs` and `threads` as the job has cores; what is set stays.

    OMP_NUM_THREADS decides on PyTorch's threads where it is set, and joblib sets it.
    """
    cores = cores_of_a_job(launcher)
    if cores is None:
        return dict(config)
    threads = config["threads"] or (None if "OMP_NUM_THREADS" in os.environ else cores)
    return {**config, "jobs": config["jobs"] or cores, "threads": threads}


def cores_of_a_job(launcher: Mapping[str, Any]) -> int | None:
    """Of joblib's, a share of the machine; of submitit's, what was asked for; None: all of them."""
    granted: int | None = launcher.get("cpus_per_task")
    at_once: int | None = launcher.get("n_jobs")
    if at_once is None:
        return granted
    from joblib import cpu_count  # noqa: PLC0415  (rarely needed)

    cores = cpu_count()  # those that this process may use
    if at_once < 0:  # as joblib counts: -1 all, -2 all but one
        at_once = max(1, cores + 1 + at_once)
    return int(max(1, cores // at_once))
