"""Jobs at once on one machine share its cores."""

import joblib
import pytest

from ser_vae.sweep.share import cores_of_a_job, divided

ASKED = {"jobs": None, "threads": None, "seed": 3}


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


@pytest.mark.parametrize(("at_once", "cores"), [(1, 8), (2, 4), (3, 2), (16, 1), (-1, 1), (-7, 4)])
def test_cores_are_divided_among_jobs_not_multiplied(at_once: int, cores: int) -> None:
    assert divided(ASKED, {"n_jobs": at_once}) == {"jobs": cores, "threads": cores, "seed": 3}


def test_a_job_of_slurm_has_the_cores_that_it_was_granted() -> None:
    assert divided(ASKED, {"cpus_per_task": 5}) == {"jobs": 5, "threads": 5, "seed": 3}
    assert cores_of_a_job({"cpus_per_task": None}) is None


def test_hydras_own_launcher_leaves_a_job_the_machine() -> None:
    assert divided(ASKED, {}) == ASKED


def test_what_the_user_set_stays() -> None:
    asked = {"jobs": 3, "threads": 2}
    assert divided(asked, {"n_jobs": 2}) == asked


def test_where_the_environment_says_how_many_threads_it_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert divided(ASKED, {"n_jobs": 2}) == {"jobs": 4, "threads": None, "seed": 3}
