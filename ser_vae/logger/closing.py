"""The end of a run for every kind of logger."""

from collections.abc import Sequence

from lightning.pytorch.loggers import Logger, WandbLogger


def close_all(loggers: Sequence[Logger], *, failed: bool) -> None:
    """Close each. W&B has to be told to finish, or a sweep's next job would go on in its run."""
    for logger in loggers:
        logger.finalize("failed" if failed else "success")
        if isinstance(logger, WandbLogger):
            logger.experiment.finish(exit_code=int(failed))
