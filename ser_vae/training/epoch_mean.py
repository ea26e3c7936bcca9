"""Means over an epoch, exact over unequal batches and over devices."""

import torch
from torch import Tensor
from torchmetrics import Metric


class EpochMean(Metric):
    """The mean of each of several per-item quantities; one addition per step, no sync."""

    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, quantities: int) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(quantities), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, values: Tensor) -> None:  # (quantities, B)
        self.total.add_(values.sum(dim=1))
        self.count.add_(values.shape[1])

    def compute(self) -> Tensor:
        return self.total / self.count
