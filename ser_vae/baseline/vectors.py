"""Utterance -> one standardised vector: functionals over time, eGeMAPS or both."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ser_vae.baseline.estimator import FloatArray, UtteranceData
from ser_vae.features.functionals import functionals
from ser_vae.features.normalise import Normaliser, Policy, Scale


class UtteranceVectors:
    """Joins `UtteranceData.whole` and functionals over the frames, and standardises each column.

    Args:
        functionals: the set of functionals over the frames, see `features.functionals`; None for
            none.
        whole: whether `UtteranceData.whole` belongs to the vector.
        clip: standardised values beyond ±clip are set to it; in standard deviations.

    Attributes:
        normaliser: fitted with each vector as an utterance of one frame, in double precision.
    """

    normaliser: Normaliser

    def __init__(self, *, functionals: str | None, whole: bool, clip: float = math.inf) -> None:
        self.functionals, self.whole, self.clip = functionals, whole, clip

    def fit(self, data: UtteranceData, part: Sequence[str], normalise: Policy) -> FloatArray:
        """Fit the normaliser on all utterances of a run, and return their vectors (U, E)."""
        rows = self._rows(data)
        in_train = [name == "train" for name in part]
        self.normaliser = Normaliser.fit(normalise, rows, data.speakers, in_train)
        return self._standardise(rows, data.speakers)

    def transform(self, data: UtteranceData) -> FloatArray:
        """Return the standardised vectors: (U, E)."""
        return self._standardise(self._rows(data), data.speakers)

    def add_speaker(self, speaker: str, data: UtteranceData) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""
        self.normaliser = self.normaliser.with_speaker(speaker, self._rows(data))

    def state(self) -> dict[str, Any]:
        """Return the fitted normaliser as arrays and strings."""
        scales = self.normaliser.scales.items()
        return {
            "policy": self.normaliser.policy,
            "scales": {name: [s.mean.numpy(), s.std.numpy()] for name, s in scales},
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        scales = {name: Scale(*map(torch.tensor, pair)) for name, pair in state["scales"].items()}
        self.normaliser = Normaliser(state["policy"], scales)

    def _rows(self, data: UtteranceData) -> list[Tensor]:
        """Compute the vectors, not standardised: U tensors (1, E)."""
        joined: list[Any] = [data.whole] if self.whole else []
        if self.functionals is not None:
            joined.append(np.stack([functionals(self.functionals, f) for f in data.frames]))
        return list(torch.from_numpy(np.hstack(joined).astype(np.float64)).unsqueeze(1))

    def _standardise(self, rows: Sequence[Tensor], speakers: Sequence[str]) -> FloatArray:
        pairs = zip(rows, speakers, strict=True)
        vectors = torch.cat([self.normaliser.apply(row, speaker) for row, speaker in pairs])
        clipped: FloatArray = vectors.clamp(-self.clip, self.clip).numpy()
        return clipped
