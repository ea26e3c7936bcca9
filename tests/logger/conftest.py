"""A run that several tests read, and small ones without a pipeline."""

from collections.abc import Callable
from typing import Any

import pytest
from wandb_files import RecordedRun, record

from ser_vae.logger import LoggedRun, open_loggers
from ser_vae.run_folder import RunFolder

LogEpochs = Callable[..., int]


@pytest.fixture(scope="session")
def recorded(noises, cache, tmp_path_factory) -> tuple[RecordedRun, RunFolder]:
    """A finished CVAE on the noises: what W&B got of it, and its folder."""
    return record(noises, cache, tmp_path_factory.getbasetemp() / "recorded")


@pytest.fixture
def logged_run(tmp_path) -> LoggedRun:
    """A run of two stages of two epochs."""
    folder = RunFolder(tmp_path / "ae-complete-folder-seed0-0123abcd")
    folder.path.mkdir()
    config = {"choice/model": "ae", "choice/data": "complete", "choice/corpus": "folder"}
    config |= {"choice/split": "random"}
    return LoggedRun(folder, config, epochs={"pretrain": 2, "classify": 2})


@pytest.fixture
def log_epochs(logged_run) -> LogEpochs:
    """Log all epochs of `logged_run` to W&B; keywords change settings. Return how many loggers."""

    def log(error: type[Exception] | None = None, **changes: Any) -> int:
        timeouts = {"start_timeout_s": 1, "timeout_s": 5}
        place = {"project": "p", "group": None, "mode": "offline"}
        component = {"_target_": "ser_vae.logger.wandb.open_run", **place, **timeouts, **changes}
        with open_loggers([component], logged_run) as loggers:
            for logger in loggers:
                for stage in logged_run.epochs:
                    for epoch in range(2):
                        logger.log_metrics({"epoch": epoch, f"{stage}/train/loss": 1.0})
            if error:
                raise error
        return len(loggers)

    return log


@pytest.fixture
def warnings_of_wandb(caplog) -> Callable[[], list[str]]:
    """What the W&B logger has warned of."""
    return lambda: [r.getMessage() for r in caplog.records if r.name == "ser_vae.logger.wandb"]
