"""Sequence of latents -> emotion: two LSTM layers and two dense layers (III-B, IV-C)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Pooling = Literal["last", "mean"]


class LSTMClassifier(nn.Module):
    """Latents (B, S, Z) of utterances with `length` (B,) valid segments each -> logits (B, K).

    The padding after an utterance's last valid segment never changes its logits.
    """

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
    ) -> None:
        super().__init__()
        self.pooling = pooling
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

    def forward(self, z: Tensor, length: Tensor) -> Tensor:
        states = self._states(z, length)  # (B, S, hidden)
        pool = {"last": self._last, "mean": self._mean}[self.pooling]
        logits: Tensor = self.dense(pool(states, length))  # (B, K)
        return logits

    def _states(self, z: Tensor, length: Tensor) -> Tensor:
        """Return the states of the last layer at each segment: (B, S, hidden).

        A causal LSTM cannot see the padding after a segment. Only the backward one needs packing,
        which takes twice the time.
        """
        if not self.lstm.bidirectional:
            states: Tensor = self.lstm(z)[0]
            return states
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
