"""What the two stages have in common: a pass over a batch gives per-item terms, one of them the
loss.
"""

from collections.abc import Mapping
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.training.epoch_mean import EpochMean
from ser_vae.training.seeding import seed_for


class Stage(lightning.LightningModule):
    """Minimises the mean of `terms(batch)["loss"]` and logs the mean of every term each epoch.

    Metrics are named `stage/part/quantity`, from the same function in training and validation.

    Args:
        name: of the stage.
        quantities: the terms' names, "loss" among them.
        seed: of the stage; the noise of an epoch follows from it, the epoch and the rank.
        optimizer: keyword arguments of Adam.
    """

    def __init__(
        self, name: str, quantities: tuple[str, ...], seed: int, optimizer: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.stage, self.quantities, self.seed = name, quantities, seed
        self.optimizer = dict(optimizer)
        self.means = nn.ModuleDict({p: EpochMean(len(quantities)) for p in ("train", "validation")})

    def terms(self, batch: Any) -> dict[str, Tensor]:
        """Each quantity, item by item: (B,)."""
        raise NotImplementedError

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.parameters())}]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        return torch.optim.Adam(self.parameter_groups(), **self.optimizer)

    def on_train_epoch_start(self) -> None:
        torch.manual_seed(seed_for(self.seed, "epoch", self.current_epoch, self.global_rank))

    def training_step(self, batch: Any, _: int) -> Tensor:
        return self._step(batch, "train")

    def validation_step(self, batch: Any, _: int) -> None:
        self._step(batch, "validation")

    def _step(self, batch: Any, part: str) -> Tensor:
        terms = self.terms(batch)
        if batch.share:
            values = torch.stack([terms[name].detach().float() for name in self.quantities])
            self.means[part].update(values)
        return terms["loss"].mean() * batch.share

    def on_train_epoch_end(self) -> None:
        self._log("train")

    def on_validation_epoch_end(self) -> None:
        self._log("validation")

    def _log(self, part: str) -> None:
        means = dict(zip(self.quantities, self.means[part].compute().tolist(), strict=True))
        self.means[part].reset()
        if not all(torch.isfinite(torch.tensor(list(means.values())))):
            raise SerVaeError(
                f"{self.stage}, epoch {self.current_epoch}: the {part} loss is {means['loss']}.\n"
                "Lower training." + self.stage + ".optimizer.lr, or use trainer.precision=32-true."
            )
        self.log_dict({f"{self.stage}/{part}/{name}": mean for name, mean in means.items()})
