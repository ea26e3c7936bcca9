"""The base of both stages: a pass over a batch gives per-item terms, one of which is the loss."""

import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from rich.progress import Progress
from torch import Tensor
from torch.optim import Optimizer
from torchmetrics import Metric

from ser_vae import SerVaeError
from ser_vae.terminal import stderr
from ser_vae.training.history import log_rows, write_curves
from ser_vae.training.seeding import seed_for, seed_streams


class EpochMean(Metric):
    """The mean of each of several per-item quantities; one addition per step, no sync.

    The sums are replaced, not changed in place: spawned processes share their first values.
    """

    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, quantities: int) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(quantities), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, values: Tensor) -> None:  # (quantities, B)
        self.total = self.total + values.sum(dim=1)
        self.count = self.count + values.shape[1]

    def compute(self) -> Tensor:
        return self.total / self.count


KNOWN_WARNINGS = (
    ".*does not have many workers.*",  # batches are indexed from memory: workers would only copy
    "Checkpoint directory .* exists and is not empty",  # that is how a run resumes
    "Total length of `list` across ranks is zero",  # there is no validation set
    ".*LeafSpec.* is deprecated",  # inside Lightning
    "The `srun` command is available",  # on a login node, outside any job
)

REMEDY = "Training diverged: lower its optimizer.lr, or set trainer.precision=32-true."


def ignore_known_warnings() -> None:
    for message in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=message)


class Stage(lightning.LightningModule):
    """Minimises the mean of `terms(batch)["loss"]` and logs the mean of every term each epoch.

    Metrics are named `stage/part/quantity`; training and validation compute them alike. They are
    the curves of the stage, a row for each finished epoch, which resume with it.

    Args:
        name: of the stage.
        quantities: the terms' names, "loss" among them.
        seed: of the stage; the noise of a step follows from it, the epoch, the step and the rank.
    """

    def __init__(self, name: str, quantities: tuple[str, ...], seed: int) -> None:
        super().__init__()
        self.stage, self.quantities, self.seed = name, quantities, seed
        self.optimizer: dict[str, Any] = {}  # keyword arguments of Adam; see `fit`
        self.automatic_optimization = False  # one call of `training_step` takes many steps
        self.chunk = self.accumulated = 1  # batches per call, and per optimizer step; see `fit`
        self.gradient_clip: float | None = None  # largest norm
        self.fused = True  # Adam as one kernel for all weights; see `fit` for the exception
        self.compiled = self.show_progress = False  # see `fit`
        self.progress: Progress | None = None  # while training: it cannot be pickled
        self.has_unused_parameters = False  # ddp has to know
        self._program: Callable[[Any], dict[str, Tensor]] | None = None  # `terms`, compiled
        self.train_means = EpochMean(len(quantities))
        self.validation_means = EpochMean(len(quantities))
        self.validation_metrics: dict[str, float] = {}  # of this epoch
        self.rows: list[dict[str, float]] = []
        self.folder = Path()  # of the curves; see `fit`

    def terms(self, batch: Any) -> dict[str, Tensor]:
        """Return each quantity per item, (B,)."""
        raise NotImplementedError

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.parameters())}]

    def setup(self, stage: str) -> None:
        ignore_known_warnings()  # here too: a spawned process starts afresh
        if self.compiled:
            # Compile the function, not a module, so that weights keep their names. There are two
            # batch sizes, the full one and the last, so two programs. Noise is PyTorch's own.
            self._program = torch.compile(
                self.terms, dynamic=False, options={"fallback_random": True}
            )

    def teardown(self, stage: str) -> None:
        self._program = None  # stages are copied and pickled, which a program cannot be

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return torch.optim.Adam(self.parameter_groups(), fused=self.fused, **self.optimizer)

    def training_step(self, chunk: Sequence[Any], index: int) -> None:
        """Take all optimizer steps of a chunk of batches."""
        optimizer = self.optimizers(use_pl_optimizer=True)
        assert isinstance(optimizer, LightningOptimizer)
        for number, batch in enumerate(chunk, index * self.chunk):
            self._seed("train", number)
            loss = self.mean_loss(batch, self.train_means)
            if number % self.accumulated == 0:
                optimizer.zero_grad()
            self.manual_backward(loss / self.accumulated)
            if (number + 1) % self.accumulated == 0:
                optimizer.step()

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients, which 16-mixed has already unscaled."""
        if self.gradient_clip:
            self.clip_gradients(optimizer, self.gradient_clip, "norm")

    def validation_step(self, batch: Any, index: int) -> None:
        self._seed("validation", index)
        self.mean_loss(batch, self.validation_means)

    def _seed(self, part: str, index: int) -> None:
        """Seed each step, as Lightning skips the epoch-start hook when it resumes an epoch."""
        seed = seed_for(self.seed, part, self.current_epoch, index, self.global_rank)
        seed_streams(seed, self.device)

    def mean_loss(self, batch: Any, means: EpochMean) -> Tensor:
        """Compute the loss of a batch, and add its terms to the means of the epoch."""
        terms = (self._program or self.terms)(batch)
        if batch.loss_scale:
            values = torch.stack([terms[name].detach().float() for name in self.quantities])
            means.update(values)
        return terms["loss"].mean() * batch.loss_scale

    def on_train_start(self) -> None:
        """Log the epochs of earlier attempts again, so that the last one's record is complete.

        One progress bar is for the whole stage. Lightning's own restarts with each epoch and does
        not name the stage.
        """
        log_rows(self.rows, self.trainer.loggers)
        if self.show_progress and self.trainer.is_global_zero:
            self.progress = Progress(console=stderr())
            self.progress.start()
            total = self.trainer.estimated_stepping_batches
            completed = self.current_epoch * self.trainer.num_training_batches
            self.task = self.progress.add_task("", total=total, completed=int(completed))

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.progress:
            loss = f", loss {self.rows[-1][f'{self.stage}/train/loss']:.4g}" if self.rows else ""
            epoch = f"epoch {self.current_epoch + 1} of {self.trainer.max_epochs}"
            text = f"{self.stage}, {epoch}{loss}"
            self.progress.update(self.task, advance=1, description=text)

    def on_train_end(self) -> None:
        """End the progress bar; `fit` also calls this after an error."""
        if self.progress:
            self.progress.stop()
            self.progress = None

    def on_validation_epoch_end(self) -> None:
        self.validation_metrics = self._metrics("validation", self.validation_means)

    def on_train_epoch_end(self) -> None:
        metrics = {**self.validation_metrics, **self.epoch_metrics()}
        self.rows.append({"epoch": self.current_epoch, "step": self.global_step, **metrics})
        log_rows(self.rows[-1:], self.trainer.loggers)
        if self.trainer.is_global_zero:
            write_curves(self.rows, self.folder / f"{self.stage}.csv")

    def epoch_metrics(self) -> dict[str, float]:
        """Return the metrics of an epoch of training; equal on all devices."""
        return self._metrics("train", self.train_means)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["rows"] = self.rows

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.rows = checkpoint["rows"]

    def _metrics(self, part: str, epoch_mean: EpochMean) -> dict[str, float]:
        values = epoch_mean.compute().reshape(-1)  # a scalar if there is one quantity
        means = dict(zip(self.quantities, values.tolist(), strict=True))
        epoch_mean.reset()
        if not all(map(math.isfinite, means.values())):
            raise SerVaeError(
                f"{self.stage}, epoch {self.current_epoch}: the {part} loss is {means['loss']}.\n"
                f"{REMEDY}"
            )
        return {f"{self.stage}/{part}/{name}": mean for name, mean in means.items()}
