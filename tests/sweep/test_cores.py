"""Jobs that run at the same time divide the cores of the machine."""

import os

import joblib
import pytest

from ser_vae import sweep
from ser_vae.sweep import choose_gpu, divide_cores, jobs_at_once

UNSET = {"jobs": None, "seed": 3}


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)


@pytest.mark.parametrize(
    ("launcher", "cores"),
    [
        *(({"n_jobs": n_jobs}, cores) for n_jobs, cores in [(1, 8), (2, 4), (3, 2), (16, 1)]),
        *(({"n_jobs": n_jobs}, cores) for n_jobs, cores in [(-1, 1), (-7, 4)]),
        ({"cpus_per_task": 5}, 5),  # of Slurm
        ({"cpus_per_task": None}, None),
        ({}, None),  # Hydra's own launcher runs one job at a time
    ],
)
def test_a_job_uses_its_cores(launcher, cores):
    assert divide_cores(UNSET, launcher) == {"jobs": cores, "seed": 3}


def test_settings_of_the_user_take_precedence():
    assert divide_cores({"jobs": 3}, {"n_jobs": 2}) == {"jobs": 3}


@pytest.mark.parametrize(
    ("accelerator", "gpus", "expected"),
    [("auto", 0, -1), ("auto", 2, 2), ("gpu", 1, 1), ("cpu", 2, -1)],
)
def test_as_many_jobs_as_gpus_or_cores_run_at_once(accelerator, gpus, expected, monkeypatch):
    monkeypatch.setattr(sweep, "gpu_count", lambda: gpus)
    assert jobs_at_once(accelerator) == expected


@pytest.mark.parametrize(
    ("visible", "gpus", "expected"),
    [(None, 0, None), ("", 0, ""), (None, 2, "1"), ("4,6", 2, "6"), ("5", 1, "5")],
)
def test_jobs_at_the_same_time_are_spread_over_the_gpus(visible, gpus, expected, monkeypatch):
    monkeypatch.setattr(sweep, "gpu_count", lambda: gpus)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    choose_gpu(3, {"n_jobs": 2})
    assert os.environ.get("CUDA_VISIBLE_DEVICES") == expected


def test_one_job_at_a_time_sees_all_gpus(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    choose_gpu(1, {})
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
