"""The interfaces of what classifies a sequence of latents: a network, or an estimator."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ser_vae.baseline.estimator import FloatArray, LabelArray
from ser_vae.features.normalise import Policy
from ser_vae.model.representation import Network

Sequences = Sequence[npt.NDArray[np.floating]]  # (S, Z) of each utterance


class Head(Network, Protocol):
    """A network, a `torch.nn.Module`, that is trained by gradient."""

    def __call__(self, z: Tensor, length: Tensor) -> Tensor:
        """Return logits (B, K) of latents (B, S, Z), of which `length` (B,) segments are valid."""


@runtime_checkable
class SequenceEstimator(Protocol):
    """A classifier that is fitted at once; see `baseline.estimator.UtteranceEstimator`."""

    def fit(
        self,
        sequences: Sequences,
        speakers: Sequence[str],
        label: LabelArray,
        part: Sequence[str],
        *,
        emotions: Sequence[str],
        normalise: Policy,
        seed: int,
    ) -> None:
        """Learn from the training set; `sequences` are of all U utterances of the run.

        `label` (U,) holds class indices in the training set and -1 elsewhere.
        """

    def predict_proba(self, sequences: Sequences, speakers: Sequence[str]) -> FloatArray:
        """Return the probability of each class: (U, K)."""

    def add_speaker(self, speaker: str, sequences: Sequences) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""

    def state(self) -> dict[str, Any]:
        """Return what `fit` has learnt, as types that skops stores and loads by default."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned, in place of `fit`."""


if TYPE_CHECKING:  # mypy checks here that our classes satisfy the interfaces
    from ser_vae.classifier.functionals import FunctionalsClassifier
    from ser_vae.classifier.lstm import LSTMClassifier

    HEADS: list[type[Head]] = [LSTMClassifier]
    ESTIMATORS: list[type[SequenceEstimator]] = [FunctionalsClassifier]
