"""Sequence of latents -> emotion: two LSTM layers and two dense layers (III-B, IV-C)."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ser_vae import SerVaeError

Pooling = Literal["last", "mean"]


class LSTMClassifier(nn.Module):
    """Latents (B, S, Z) of utterances with `length` (B,) valid segments each -> logits (B, K).

    What stands behind an utterance's last valid segment never changes its logits.
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
        if pooling not in ("last", "mean"):
            raise SerVaeError(f"classifier.pooling={pooling}: expected last or mean.")
        whole = all(type(size) is int and size >= 1 for size in (hidden, layers, dense))
        if not whole or type(dropout) not in (int, float) or not 0 <= dropout < 1:
            raise SerVaeError(
                f"classifier: hidden {hidden}, layers {layers}, dense {dense}, dropout {dropout}.\n"
                "Expected whole numbers from 1, and dropout from 0 to below 1."
            )
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
        pooled = (
            self._mean(states, length) if self.pooling == "mean" else self._last(states, length)
        )
        logits: Tensor = self.dense(pooled)  # (B, K)
        return logits

    def _states(self, z: Tensor, length: Tensor) -> Tensor:
        """A causal LSTM can't see the padding behind it; only the backward one needs packing,
        which costs twice the time.
        """
        if not self.lstm.bidirectional:
            states: Tensor = self.lstm(z)[0]
            return states
        packed = pack_padded_sequence(z, length.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.lstm(packed)[0], batch_first=True)[0]

    def _last(self, states: Tensor, length: Tensor) -> Tensor:
        """The state at the last valid step; backward, where that direction ends: the first."""
        last = states[torch.arange(len(states), device=states.device), length - 1]
        if not self.lstm.bidirectional:
            return last
        hidden = self.lstm.hidden_size
        return torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=-1)

    @staticmethod
    def _mean(states: Tensor, length: Tensor) -> Tensor:
        steps = torch.arange(states.shape[1], device=states.device)
        valid = (steps < length[:, None]).unsqueeze(-1)  # (B, S, 1)
        return (states * valid).sum(dim=1) / length[:, None]
