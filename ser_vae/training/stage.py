"""What the two stages have in common: a pass over a batch gives per-item terms, one of them the
loss.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.training.epoch_mean import EpochMean
from ser_vae.training.seeding import seed_for, seed_streams

KNOWN_WARNINGS = (
    ".*does not have many workers.*",  # batches are cut from memory by index: workers would copy
    "Checkpoint directory .* exists and is not empty",  # that is how a run is resumed
    "Total length of `list` across ranks is zero",  # no validation part was asked for
    ".*LeafSpec.* is deprecated",  # inside Lightning
    "The `srun` command is available",  # a login node, where nobody asked for a job
)


LOWER = "Training diverged: lower its optimizer.lr, or set trainer.precision=32-true."


def ignore_known_warnings() -> None:
    for message in KNOWN_WARNINGS:
        warnings.filterwarnings("ignore", message=message)


class Stage(lightning.LightningModule):
    """Minimises the mean of `terms(batch)["loss"]` and logs the mean of every term each epoch.

    Metrics are named `stage/part/quantity`, from the same function in training and validation.

    Args:
        name: of the stage.
        quantities: the terms' names, "loss" among them.
        seed: of the stage; the noise of a step follows from it, the epoch, the step and the rank.
        optimizer: keyword arguments of Adam.
    """

    def __init__(
        self, name: str, quantities: tuple[str, ...], seed: int, optimizer: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.stage, self.quantities, self.seed = name, quantities, seed
        self.optimizer = dict(optimizer)
        self.fused = True  # Adam as one kernel for all weights; see `fit` for where it can't be
        self.compiled = False  # see `fit`
        self._program: Callable[[Any], dict[str, Tensor]] | None = None  # `terms`, compiled
        self.train_means = EpochMean(len(quantities))
        self.validation_means = EpochMean(len(quantities))

    def terms(self, batch: Any) -> dict[str, Tensor]:
        """Each quantity, item by item: (B,)."""
        raise NotImplementedError

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.parameters())}]

    def setup(self, stage: str) -> None:  # noqa: ARG002
        ignore_known_warnings()  # here too: a spawned process starts with none ignored
        if self.compiled:
            # The function, not a module: weights keep their names. The noise stays PyTorch's own.
            # A program for each size of a batch, of which there are two: the full one, the last.
            self._program = torch.compile(
                self.terms, dynamic=False, options={"fallback_random": True}
            )

    def teardown(self, stage: str) -> None:  # noqa: ARG002
        self._program = None  # a stage is copied and sent, a program can't be

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return torch.optim.Adam(self.parameter_groups(), fused=self.fused, **self.optimizer)

    def training_step(self, batch: Any, index: int) -> Tensor:
        self._seed("train", index)
        return self._step(batch, self.train_means)

    def validation_step(self, batch: Any, index: int) -> None:
        self._seed("validation", index)
        self._step(batch, self.validation_means)

    def _seed(self, part: str, index: int) -> None:
        """At each step: a resumed epoch begins without Lightning's hook, and loaders draw too."""
        seed = seed_for(self.seed, part, self.current_epoch, index, self.global_rank)
        seed_streams(seed, self.device)

    def _step(self, batch: Any, means: EpochMean) -> Tensor:
        terms = (self._program or self.terms)(batch)
        if batch.share:
            values = torch.stack([terms[name].detach().float() for name in self.quantities])
            means.update(values)
        loss: Tensor = terms["loss"].mean() * batch.share
        return loss

    def on_train_epoch_end(self) -> None:
        self._log("train", self.train_means)

    def on_validation_epoch_end(self) -> None:
        self._log("validation", self.validation_means)

    def _log(self, part: str, epoch_mean: EpochMean) -> None:
        found = epoch_mean.compute().reshape(-1)  # of one quantity it is a scalar
        means = dict(zip(self.quantities, found.tolist(), strict=True))
        epoch_mean.reset()
        if not all(map(math.isfinite, means.values())):
            raise SerVaeError(
                f"{self.stage}, epoch {self.current_epoch}: the {part} loss is {means['loss']}.\n"
                f"{LOWER}"
            )
        named = {f"{self.stage}/{part}/{name}": mean for name, mean in means.items()}
        self.log_dict(named, sync_dist=True)  # equal on all devices: the sums were added up
