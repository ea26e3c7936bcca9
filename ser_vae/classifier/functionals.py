"""Sequence of latents -> functionals over time -> emotion, by a support vector machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from ser_vae.baseline.estimator import FloatArray, LabelArray, UtteranceData
from ser_vae.baseline.utterance_svm import UtteranceSVM
from ser_vae.classifier.head import Sequences
from ser_vae.features.normalise import Policy


class FunctionalsClassifier:
    """Takes the place of the LSTM: `UtteranceSVM` with latents for frames.

    It uses no order of the segments beyond what the functionals describe.

    Args:
        input_size: Z.
        num_classes: K.
        functionals: the set of functionals over the latents, see `features.functionals`.
        svm: settings of `baseline.svm.SVM`.
    """

    def __init__(
        self, *, input_size: int, num_classes: int, functionals: str, svm: Mapping[str, Any]
    ) -> None:
        self.estimator = UtteranceSVM(
            input_size=input_size,
            num_classes=num_classes,
            columns=input_size,
            functionals=functionals,
            svm=svm,
        )

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
        """Learn from the training set; see `SequenceEstimator`."""
        data = UtteranceData(list(sequences), None, tuple(speakers))
        self.estimator.fit(data, label, part, emotions=emotions, normalise=normalise, seed=seed)

    def predict_proba(self, sequences: Sequences, speakers: Sequence[str]) -> FloatArray:
        """Return the probability of each class: (U, K)."""
        data = UtteranceData(list(sequences), None, tuple(speakers))
        return self.estimator.predict_proba(data)

    def add_speaker(self, speaker: str, sequences: Sequences) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""
        data = UtteranceData(list(sequences), None, (speaker,) * len(sequences))
        self.estimator.add_speaker(speaker, data)

    def state(self) -> dict[str, Any]:
        """Return the fitted normaliser and machines."""
        return self.estimator.state()

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned."""
        self.estimator.load_state(state)
