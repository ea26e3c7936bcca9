"""Runs a stage through Lightning, so that an interrupted one ends where the whole one would."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from torch.utils.data import Dataset

from ser_vae import SerVaeError
from ser_vae.data.datamodule import BatchModule
from ser_vae.training.history import History
from ser_vae.training.progress import StageProgress
from ser_vae.training.stage import LOWER, Stage, ignore_known_warnings

LAST = "last.ckpt"


def fit(
    stage: Stage,
    train: Dataset[Any],
    validation: Dataset[Any],
    *,
    folder: Path,
    epochs: int,
    batch_size: int,
    gradient_clip: float | None,
    trainer: Mapping[str, Any],
    loggers: Sequence[Logger],
    progress: bool,
) -> None:
    """Train `stage` in place for `epochs`.

    After each epoch the whole state is in `folder`/last.ckpt, from which the next call goes on.
    The order and the noise of an epoch follow from the stage's seed and the epoch, so both ways
    end alike.

    Args:
        stage: holds the network; its weights are the trained ones afterwards.
        train: indexed with a whole batch at once, see `data.datamodule`.
        validation: for the curves alone; may be empty.
        folder: of this stage; also gets `<stage>.csv`, the curves.
        epochs: all are run; nothing is chosen by a score.
        batch_size: items on each device.
        gradient_clip: largest norm of the gradient; None for no bound.
        trainer: accelerator, devices, strategy, precision, ... for Lightning's Trainer.
        loggers: where metrics go besides the curves.
        progress: whether to show a progress bar.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its hardware is no news
    checkpoint = ModelCheckpoint(
        dirpath=folder,
        filename=LAST.removesuffix(".ckpt"),
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    shown: list[Callback] = [StageProgress()] if progress else []
    callbacks = [*shown, History(folder / f"{stage.stage}.csv"), checkpoint]
    data = BatchModule(train, validation, batch_size=batch_size, seed=stage.seed)
    last = folder / LAST
    # One kernel would undo the scaling of 16-mixed after the gradients should have been clipped.
    stage.fused = not (gradient_clip and trainer.get("precision") == "16-mixed")
    with warnings.catch_warnings():
        ignore_known_warnings()
        lightning.Trainer(
            max_epochs=epochs,
            gradient_clip_val=gradient_clip,
            callbacks=callbacks,
            logger=list(loggers),
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
            enable_model_summary=False,
            enable_progress_bar=False,
            **trainer,
        ).fit(stage, data, ckpt_path=last if last.exists() else None, weights_only=True)
    if not all(torch.isfinite(value).all() for value in stage.parameters()):
        raise SerVaeError(
            f"{stage.stage}: weights are NaN or infinite after the last step.\n{LOWER}"
        )
