"""TensorBoard event files: curves, scores with the settings that led to them, and pictures."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

from ser_vae.logger import EPOCH, LoggedRun, chart_values


@contextmanager
def open_run(run: LoggedRun) -> Iterator["EventFiles"]:
    """Write to the run folder's `tensorboard/`, without the events of an earlier attempt."""
    shutil.rmtree(run.folder.path / "tensorboard", ignore_errors=True)
    logger = EventFiles(run)
    try:
        yield logger
    finally:
        logger.finalize("success")  # the files are the same for a failed run


class EventFiles(TensorBoardLogger):
    """One folder of events for both stages and the results."""

    def __init__(self, run: LoggedRun) -> None:
        super().__init__(run.folder.path, name="tensorboard", version="", default_hp_metric=False)
        self.run = run
        self.log_hyperparams(dict(run.config))

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log curves over epochs; Lightning counts training steps, each of several batches."""
        super().log_metrics(metrics, int(metrics[EPOCH]) if EPOCH in metrics else step)

    @rank_zero_only
    def log_final(self, results: Mapping[str, Any]) -> None:
        """Log the hyperparameters with the UA, all other scores, and pictures."""
        from ser_vae.logger import media  # noqa: PLC0415  (matplotlib: only at the end)

        values = chart_values(results)
        ua = f"{results['protocol']}/test/ua"
        self.log_hyperparams(self.hparams, {ua: values.pop(ua)})
        self.log_metrics(values)
        for name, image in media.images(results, self.run.folder).items():
            self.experiment.add_image(name, np.asarray(image), dataformats="HWC")
