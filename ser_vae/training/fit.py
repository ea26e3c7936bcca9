"""Runs a stage through Lightning, so that an interrupted one ends where the whole one would."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger

from ser_vae.data.datamodule import BatchModule
from ser_vae.training.history import History
from ser_vae.training.stage import Stage

LAST = "last.ckpt"


def fit(
    stage: Stage,
    data: BatchModule,
    *,
    folder: Path,
    epochs: int,
    gradient_clip: float | None,
    trainer: Mapping[str, Any],
    loggers: Sequence[Logger],
    progress: bool,
) -> None:
    """Train `stage` in place for `epochs`.

    After each epoch the whole state is in `folder`/last.ckpt, from which the next call goes on.
    The seed of an epoch's order and noise is a function of the epoch, so both ways end alike.

    Args:
        stage: holds the network; its weights are the trained ones afterwards.
        data: its batches.
        folder: of this stage; also gets `<stage>.csv`, the curves.
        epochs: all are run; nothing is chosen by a score.
        gradient_clip: largest norm of the gradient; None for no bound.
        trainer: accelerator, devices, strategy, precision, ... for Lightning's Trainer.
        loggers: where metrics go besides the curves.
        progress: whether to show a progress bar.
    """
    checkpoint = ModelCheckpoint(
        dirpath=folder,
        filename=LAST.removesuffix(".ckpt"),
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    callbacks: list[Callback] = [checkpoint, History(folder / f"{stage.stage}.csv")]
    last = folder / LAST
    with warnings.catch_warnings():
        # Batches are cut from memory by index: worker processes would only copy.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
        lightning.Trainer(
            max_epochs=epochs,
            gradient_clip_val=gradient_clip,
            callbacks=callbacks,
            logger=list(loggers),
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            enable_model_summary=False,
            enable_progress_bar=progress,
            **trainer,
        ).fit(stage, data, ckpt_path=last if last.exists() else None, weights_only=True)
