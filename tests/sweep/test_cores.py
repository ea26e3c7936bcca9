"""Jobs that run at the same time divide the cores of the machine."""

import joblib
import pytest

from ser_vae.sweep.cores import divide_cores

UNSET = {"jobs": None, "threads": None, "seed": 3}


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


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
def test_a_job_uses_its_cores(launcher: dict[str, int | None], cores: int | None) -> None:
    assert divide_cores(UNSET, launcher) == {"jobs": cores, "threads": cores, "seed": 3}


def test_settings_of_the_user_take_precedence() -> None:
    config = {"jobs": 3, "threads": 2}
    assert divide_cores(config, {"n_jobs": 2}) == config


def test_the_environment_takes_precedence_for_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert divide_cores(UNSET, {"n_jobs": 2}) == {"jobs": 4, "threads": None, "seed": 3}
