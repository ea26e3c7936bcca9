"""Runs a stage through Lightning, so that an interrupted one ends where the whole one would."""

import logging
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from lightning.pytorch.profilers import PassThroughProfiler
from torch.utils.data import Dataset

from ser_vae import SerVaeError
from ser_vae.data.datamodule import BatchModule
from ser_vae.training import processes, resume
from ser_vae.training.children import errors_of_children
from ser_vae.training.history import History
from ser_vae.training.progress import StageProgress
from ser_vae.training.stage import LOWER, Stage, ignore_known_warnings
from ser_vae.training.weights import WholeCheckpoints

LAST = "last.ckpt"


class Unprofiled(PassThroughProfiler):
    """Nothing, for which Lightning's own enters and leaves a generator thirty times a step."""

    _nothing = nullcontext()

    def profile(self, action_name: str) -> AbstractContextManager[None]:  # type: ignore[override]  # noqa: ARG002
        return self._nothing


def fit(
    stage: Stage,
    train: Dataset[Any],
    validation: Dataset[Any],
    *,
    folder: Path,
    compiled: bool,
    loggers: Sequence[Logger],
    progress: bool,
    **settings: Any,
) -> None:
    """Train `stage` in place, in this process and in those that work together with it.

    After each epoch the whole state is in `folder`/last.ckpt, from which the next call goes on.
    The order and the noise of an epoch follow from the stage's seed and the epoch, so both ways
    end alike.

    Raises:
        SerVaeError: training diverged, or can't go on from the last.ckpt that is there.

    Args:
        stage: holds the network; its weights are the trained ones afterwards.
        train: indexed with a whole batch at once, see `data.datamodule`.
        validation: for the curves alone; may be empty.
        folder: of this stage; also gets `<stage>.csv`, the curves.
        compiled: whether `torch.compile` makes the pass over a batch one program.
        loggers: where metrics go besides the curves.
        progress: whether to show a progress bar.
        settings: what else `fit_here` takes, the same in every process.
    """
    stage.compiled = compiled
    own: dict[str, Any] = {"folder": folder, "loggers": loggers, "progress": progress}
    with ExitStack() as others:
        if processes.connected():
            last = folder / LAST
            saved = last.read_bytes() if last.exists() else None
            work = partial(help_fit, stage, train, validation, saved, **settings)
            others.enter_context(processes.shared(work))
        fit_here(stage, train, validation, **own, **settings)


def help_fit(
    stage: Stage,
    train: Dataset[Any],
    validation: Dataset[Any],
    saved: bytes | None,
    **settings: Any,
) -> None:
    """Train with the process that sent all this, from the checkpoint `saved` if there is one."""
    with tempfile.TemporaryDirectory() as folder:
        if saved:
            (Path(folder) / LAST).write_bytes(saved)
        fit_here(
            stage,
            train,
            validation,
            folder=Path(folder),
            loggers=(),
            progress=False,
            **settings,
        )


def fit_here(
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
    """What `fit` does, in this process.

    Args:
        stage: see there.
        train: see there.
        validation: see there.
        folder: see there.
        loggers: see there.
        progress: see there.
        epochs: all are run; nothing is chosen by a score.
        batch_size: items on each device.
        gradient_clip: largest norm of the gradient; None for no bound.
        trainer: accelerator, devices, strategy, precision, ... for Lightning's Trainer.
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
    data = BatchModule(
        train,
        validation,
        batch_size=batch_size,
        accumulated=trainer.get("accumulate_grad_batches", 1),
        seed=stage.seed,
    )
    if not torch.cuda.is_available():
        # At each step Adam asks for a GPU, and as Lightning set this, looks for a driver's library.
        os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    last = folder / LAST
    if last.exists():
        resume.check(last, stage)
    double = trainer.get("precision") == "64-true"
    if double:  # before Lightning does: it would round what it reads from the checkpoint first
        stage.double()
    # One kernel would undo the scaling of 16-mixed after the gradients should have been clipped:
    # Lightning refuses it under every mixed precision.
    stage.fused = not (gradient_clip and str(trainer.get("precision")).endswith("mixed"))
    with warnings.catch_warnings(), errors_of_children():
        ignore_known_warnings()
        lightning.Trainer(
            max_epochs=epochs,
            gradient_clip_val=gradient_clip,
            callbacks=callbacks,
            profiler=Unprofiled(),
            plugins=[WholeCheckpoints()],
            logger=list(loggers),
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=0,  # an epoch is logged, no step
            enable_model_summary=False,
            enable_progress_bar=False,
            **trainer,
        ).fit(stage, data, ckpt_path=last if last.exists() else None, weights_only=True)
    if double:
        stage.float()  # as weights are kept
    if not all(torch.isfinite(value).all() for value in stage.parameters()):
        raise SerVaeError(
            f"{stage.stage}: weights are NaN or infinite after the last step.\n{LOWER}"
        )
