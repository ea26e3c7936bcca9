"""One vector per utterance -> support vector machine.

The models pooled_svm, logmel_svm, egemaps_svm and handcrafted_svm, which differ in the vector.
Cortes and Vapnik, "Support-Vector Networks", Machine Learning 20, 1995.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.baseline.calibrated import CalibratedClassifier
from ser_vae.baseline.estimator import FloatArray, Training, UtteranceData, UtteranceEstimator
from ser_vae.features.functionals import functionals as compute_functionals
from ser_vae.features.normalise import Normaliser, Policy, Scale
from ser_vae.settings import build


class UtteranceVectors(UtteranceEstimator):
    """Base of classifiers of one vector per utterance: `UtteranceData.whole` and functionals.

    Each column is standardised.

    Args:
        functionals: the set of functionals over the frames, see `features.functionals`; None for
            none.
        egemaps: settings of the extractor of `UtteranceData.whole`, with its `_target_`; None for
            none.
        clip: standardised values beyond ±clip are set to it; in standard deviations.

    Attributes:
        normaliser: fitted with each vector as an utterance of one frame, in double precision.
    """

    normaliser: Normaliser

    def __init__(
        self, functionals: str | None, egemaps: Mapping[str, Any] | None, clip: float = math.inf
    ) -> None:
        self.functionals, self.clip = functionals, clip
        self.extractor = None if egemaps is None else build(egemaps)

    def fit_vectors(
        self, data: UtteranceData, part: Sequence[str], normalise: Policy
    ) -> FloatArray:
        """Fit the normaliser on all utterances of a run, and return their vectors (U, E)."""
        rows = self._rows(data)
        in_train = [name == "train" for name in part]
        self.normaliser = Normaliser.fit(normalise, rows, data.speakers, in_train)
        return self._standardise(rows, data.speakers)

    def transform(self, data: UtteranceData) -> FloatArray:
        """Return the standardised vectors: (U, E)."""
        return self._standardise(self._rows(data), data.speakers)

    def add_speaker(self, speaker: str, data: UtteranceData) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`.

        Raises:
            SerVaeError: there is one utterance: its vector would be its own mean, hence 0.
        """
        rows = self._rows(data)
        if len(rows) < 2:
            needed = "expected several recordings.\nGive those of the speaker together."
            raise SerVaeError(f"normalise={self.normaliser.policy}: one of {speaker!r}, {needed}")
        self.normaliser = self.normaliser.with_speaker(speaker, rows)

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
        joined: list[Any] = [] if self.extractor is None else [data.whole]
        if self.functionals is not None:
            joined.append(np.stack([compute_functionals(self.functionals, f) for f in data.frames]))
        return list(torch.from_numpy(np.hstack(joined).astype(np.float64)).unsqueeze(1))

    def _standardise(self, rows: Sequence[Tensor], speakers: Sequence[str]) -> FloatArray:
        pairs = zip(rows, speakers, strict=True)
        vectors = torch.cat([self.normaliser.apply(row, speaker) for row, speaker in pairs])
        return vectors.clamp(-self.clip, self.clip).numpy()


class OneVector(UtteranceVectors):
    """Classifies one vector per utterance by a `classifier` of scikit-learn."""

    classifier: CalibratedClassifier

    def fit(self, data: UtteranceData, training: Training) -> None:
        """Fit the normaliser on all utterances (U,) and the classifier on the training set.

        Raises:
            SerVaeError: the training set has fewer than two utterances of an emotion.
        """
        vectors = self.fit_vectors(data, training.part, training.normalise)
        self.classifier.fit(vectors, data.speakers, training)

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the probability of each class: (U, K)."""
        return self.classifier.predict_proba(self.transform(data))

    def state(self) -> dict[str, Any]:
        """Return the fitted normaliser and classifier."""
        return {"vectors": super().state(), "classifier": self.classifier.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        super().load_state(state["vectors"])
        self.classifier.load_state(state["classifier"])


class UtteranceSVM(OneVector):
    """Classifies functionals over the frames, eGeMAPS functionals, or both.

    Args:
        svm: settings, see `support_vector_machines`, and the number of inner `folds`.
        functionals: the set of functionals over the frames; None for none.
        egemaps: settings of the extractor, with its `_target_`; None for none.
        sizes: of the data; not needed.
    """

    def __init__(
        self,
        *,
        svm: Mapping[str, Any],
        functionals: str | None = None,
        egemaps: Mapping[str, Any] | None = None,
        **sizes: int,
    ) -> None:
        super().__init__(functionals, egemaps)
        machines = support_vector_machines(svm)
        self.classifier = CalibratedClassifier(machines, svm["folds"])


def support_vector_machines(svm: Mapping[str, Any]) -> list[OneVsRestClassifier]:
    """Return the classifiers to select from: machines for each class against the rest.

    The gamma of `rbf` is 1 / E. One machine per pair of classes, with votes, scores the same on
    RAVDESS, but its probabilities are worse: an NLL of 0.67 nats per utterance instead of 0.57.

    Args:
        svm: `kernel`, `C` and `class_weight` of the only one, as in scikit-learn; if `tune` is
            true, `grid` has the values to try of each instead, in all combinations.
    """
    names = ("kernel", "C", "class_weight")
    tried = product(*(svm["grid"][name] if svm["tune"] else [svm[name]] for name in names))
    return [
        OneVsRestClassifier(SVC(**dict(zip(names, values, strict=True)), gamma="auto"))
        for values in tried
    ]
