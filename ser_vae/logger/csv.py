"""Lightning's own CSV files."""

from lightning.pytorch.loggers import CSVLogger

from ser_vae.logger.run import LoggedRun


def open_run(run: LoggedRun) -> CSVLogger:
    """Write metrics.csv and hparams.yaml to the run folder's csv/."""
    logger = CSVLogger(run.folder, name="csv", version="")
    logger.log_hyperparams(dict(run.config))
    return logger
