"""TensorBoard event files."""

from lightning.pytorch.loggers import TensorBoardLogger

from ser_vae.logger.run import LoggedRun


def open_run(run: LoggedRun) -> TensorBoardLogger:
    """Write event files to the run folder's tensorboard/."""
    logger = TensorBoardLogger(run.folder, name="tensorboard", version="")
    logger.log_hyperparams(dict(run.config))
    return logger
