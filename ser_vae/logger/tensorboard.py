"""TensorBoard event files."""

from importlib.util import find_spec

from lightning.pytorch.loggers import TensorBoardLogger

from ser_vae import SerVaeError
from ser_vae.logger.run import LoggedRun


def open_run(run: LoggedRun) -> TensorBoardLogger:
    """Write event files to the run folder's tensorboard/.

    Raises:
        SerVaeError: TensorBoard is not installed.
    """
    if find_spec("tensorboard") is None:
        raise SerVaeError(
            "logger=tensorboard: TensorBoard is not installed.\npip install tensorboard, or leave "
            "it out: logger=wandb, logger=csv."
        )
    logger = TensorBoardLogger(run.folder, name="tensorboard", version="")
    logger.log_hyperparams(dict(run.config))
    return logger
