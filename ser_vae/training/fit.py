"""Train a stage with Lightning; a resumed stage ends with the weights of an uninterrupted one."""

import logging
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger
from torch.multiprocessing.spawn import ProcessRaisedException
from torch.utils.data import BatchSampler, DataLoader, Dataset

from ser_vae import SerVaeError
from ser_vae import settings as typed
from ser_vae.data.batch import Batches
from ser_vae.data.sets import SegmentSet, SequenceSet
from ser_vae.training.stage import REMEDY, Stage, ignore_known_warnings
from ser_vae.training.weights import AtomicCheckpoints, load

LAST = "last.ckpt"
CHUNK = 32  # batches of segments that are trained on in one call of Lightning
ERROR_PREFIX = f"{SerVaeError.__module__}.{SerVaeError.__qualname__}: "


class BatchModule(lightning.LightningDataModule):
    """Shuffled training batches, and ordered validation batches if there are any, of one stage.

    The data are one tensor in memory, in a memory-mapped file or on the GPU, so a batch is one
    indexing operation: no worker processes and no work per item are needed. Training batches come
    in lists of `chunk`, a multiple of `accumulated`. Steps on batches of segments are short, and a
    list of batches saves Lightning's overhead per batch.
    """

    def __init__(
        self,
        train: Dataset[Any],
        validation: Dataset[Any],
        batch_size: int,
        accumulated: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.train, self.validation = train, validation
        self.batch_size, self.accumulated, self.seed = batch_size, accumulated, seed
        steps = max(1, CHUNK // accumulated) if isinstance(train, SegmentSet) else 1
        self.chunk = steps * accumulated

    def setup(self, stage: str) -> None:
        if self.trainer and isinstance(self.train, SegmentSet):
            self.train = self.train.resident(self.trainer.strategy.root_device)

    def train_dataloader(self) -> DataLoader[Any]:
        batches: Any = self._batches(self.train, shuffle=True)
        chunks = BatchSampler(batches, self.chunk, drop_last=False)
        return DataLoader(self.train, batch_sampler=chunks, collate_fn=list)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        if not len(self.validation):  # type: ignore[arg-type]
            return []
        batches = self._batches(self.validation, shuffle=False)
        return DataLoader(self.validation, sampler=batches, batch_size=None)

    def _batches(self, dataset: Dataset[Any], *, shuffle: bool) -> Batches:
        return Batches(
            len(dataset),  # type: ignore[arg-type]
            self.batch_size,
            accumulated=self.accumulated if shuffle else 1,
            seed=self.seed,
            shuffle=shuffle,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
            length=dataset.count if isinstance(dataset, SequenceSet) else None,
        )


def fit(
    stage: Stage,
    train: Dataset[Any],
    validation: Dataset[Any],
    *,
    folder: Path,
    settings: typed.Stage,
    trainer: typed.Trainer,
    compiled: bool,
    loggers: Sequence[Logger],
    progress: bool,
) -> None:
    """Train `stage` in place.

    After each epoch the whole state is in `folder`/last.ckpt, from which the next call resumes.
    The order and the noise of an epoch depend on the stage's seed and the epoch alone, so a resumed
    stage ends with the same weights.

    Args:
        stage: holds the network; its weights are the trained ones afterwards.
        train: indexed with a whole batch at once, see `data.sets`.
        validation: for the curves only; may be empty.
        folder: of this stage; also gets `<stage>.csv`, the curves.
        settings: see `count_epochs` (all are run; none is selected by a score); batch size on each
            device, largest norm of the gradient, Adam.
        trainer: for Lightning's Trainer.
        compiled: whether to use `torch.compile` on the pass over a batch.
        loggers: where metrics go besides the curves.
        progress: whether to show a progress bar.

    Raises:
        SerVaeError: training diverged, or cannot resume from the last.ckpt that is there.
    """
    stage.compiled, stage.folder, stage.show_progress = compiled, folder, progress
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # no hardware banner
    checkpoint = ModelCheckpoint(
        dirpath=folder,
        filename=LAST.removesuffix(".ckpt"),
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    accumulated = trainer.accumulate_grad_batches
    data = BatchModule(train, validation, settings.batch_size, accumulated, stage.seed)
    stage.chunk, stage.accumulated = data.chunk, accumulated
    stage.optimizer = settings.optimizer.model_dump()
    stage.gradient_clip = settings.gradient_clip
    if not torch.cuda.is_available():
        # Adam checks for a GPU at each step, which with Lightning's value searches for a driver.
        os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    last = folder / LAST
    if last.exists():
        load(stage, last, checkpoint=True)  # raises if Lightning could not
    double = trainer.precision == "64-true"
    if double:  # before Lightning does: it would round what it reads from the checkpoint first
        stage.double()
    # A fused Adam undoes the scaling of 16-mixed after the gradients should have been clipped, so
    # Lightning refuses clipping with it under every mixed precision.
    stage.fused = not (settings.gradient_clip and trainer.precision.endswith("mixed"))
    strategy: str = trainer.strategy
    if stage.has_unused_parameters and strategy != "auto":
        strategy += "_find_unused_parameters_true"
    ignore_known_warnings()
    with handled_errors(stage):
        lightning.Trainer(
            max_epochs=count_epochs(settings, trainer, len(train)),  # type: ignore[arg-type]
            callbacks=[checkpoint],
            plugins=[AtomicCheckpoints()],
            logger=list(loggers),
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=0,  # epochs are logged, not steps
            enable_model_summary=False,
            enable_progress_bar=False,
            strategy=strategy,
            **trainer.model_dump(exclude={"strategy", "accumulate_grad_batches"}),
        ).fit(stage, data, ckpt_path=last if last.exists() else None, weights_only=True)
    if double:
        stage.float()  # as weights are kept
    if not all(torch.isfinite(value).all() for value in stage.parameters()):
        raise SerVaeError(
            f"{stage.stage}: weights are NaN or infinite after the last step.\n{REMEDY}"
        )


def count_epochs(settings: typed.Stage, trainer: typed.Trainer, items: int) -> int:
    """Return the epochs over `items` that reach both `settings.epochs` and `settings.steps`."""
    devices = trainer.devices * trainer.num_nodes
    batch = settings.batch_size * devices * trainer.accumulate_grad_batches
    return max(settings.epochs, math.ceil(settings.steps / math.ceil(items / batch)))


@contextmanager
def handled_errors(stage: Stage) -> Iterator[None]:
    """Raise the error of a spawned process, which arrives as text; end the progress bar."""
    try:
        yield
    except ProcessRaisedException as error:
        text = str(error).strip()
        _, ours, message = text.rpartition("\n" + ERROR_PREFIX)
        if ours:
            raise SerVaeError(message) from error
        raise RuntimeError(text.rpartition("\n")[2]) from error
    finally:
        stage.on_train_end()
