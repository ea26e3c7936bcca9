"""Sequence of latents -> emotion: two LSTM layers and two dense layers (III-B, IV-C)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ser_vae.classifier.head import Head

Pooling = Literal["last", "mean"]


class LSTMClassifier(Head):
    """Latents (B, S, Z) of utterances with `length` (B,) valid segments each -> logits (B, K).

    The padding after an utterance's last valid segment never changes its logits. With `standardise`
    each dimension of the latents is scaled by the statistics that `fit_scale` has learned.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        *,
        input_size: int,
        num_classes: int,
        hidden: int,
        layers: int,
        dense: int,
        pooling: Pooling,
        bidirectional: bool,
        dropout: float,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        self.pooling, self.standardise = pooling, standardise
        if standardise:
            self.register_buffer("mean", torch.zeros(input_size))
            self.register_buffer("std", torch.ones(input_size))
        self.lstm = nn.LSTM(
            input_size,
            hidden,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        width = 2 * hidden if bidirectional else hidden
        self.dense = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(width, dense),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(dense, num_classes),
        )

    def fit_scale(self, z: Tensor) -> None:
        """Learn the mean and standard deviation of each dimension of latents (N, Z)."""
        std, mean = torch.std_mean(z.double(), dim=0, correction=0)
        self.mean.copy_(mean)
        self.std.copy_(torch.where(std > 0, std, 1.0))

    def scaled(self, z: Tensor) -> Tensor:
        """Standardise latents (…, Z), if the classifier does that."""
        return (z - self.mean) / self.std if self.standardise else z

    def forward(self, z: Tensor, length: Tensor) -> Tensor:
        states = self._states(self.scaled(z), length)  # (B, S, hidden)
        pool = {"last": self._last, "mean": self._mean}[self.pooling]
        return self.dense(pool(states, length))  # (B, K)

    def _states(self, z: Tensor, length: Tensor) -> Tensor:
        """Return the states of the last layer at each segment: (B, S, hidden).

        A causal LSTM cannot see the padding after a segment. Only the backward one needs packing,
        which takes twice the time.
        """
        if not self.lstm.bidirectional:
            return self.lstm(z)[0]
        packed = pack_padded_sequence(z, length.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]

    def _last(self, states: Tensor, length: Tensor) -> Tensor:
        """Return the state at the last valid segment; of the backward direction, at the first."""
        last = states[torch.arange(states.shape[0], device=states.device), length - 1]
        if not self.lstm.bidirectional:
            return last
        hidden = self.lstm.hidden_size
        return torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=-1)

    @staticmethod
    def _mean(states: Tensor, length: Tensor) -> Tensor:
        steps = torch.arange(states.shape[1], device=states.device)
        valid = (steps < length[:, None]).unsqueeze(-1)  # (B, S, 1)
        return (states * valid).sum(dim=1) / length[:, None]
