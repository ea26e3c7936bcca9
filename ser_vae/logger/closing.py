"""The end of a run for every kind of logger."""

from collections.abc import Mapping, Sequence
from typing import Any

from lightning.pytorch.loggers import Logger

from ser_vae.logger.flat import flat
from ser_vae.logger.wandb import RecordedRun
from ser_vae.run_folder import RunFolder


def close_all(loggers: Sequence[Logger], *, failed: bool) -> None:
    """Close each. W&B has to be told to finish, or a sweep's next job would go on in its run."""
    for logger in loggers:
        logger.finalize("failed" if failed else "success")
        if isinstance(logger, RecordedRun):
            logger.finish(failed=failed)


def conclude(loggers: Sequence[Logger], results: Mapping[str, Any], folder: RunFolder) -> None:
    """Give every number of metrics.json to each logger; to W&B also what `folder` has to show."""
    leaves = {name: value for name, value in flat(results) if isinstance(value, int | float | str)}
    for logger in loggers:
        if isinstance(logger, RecordedRun):
            logger.conclude(leaves, results, folder)
        else:
            logger.log_metrics({k: float(v) for k, v in leaves.items() if not isinstance(v, str)})
