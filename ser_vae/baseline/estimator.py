"""The interface of an estimator of whole utterances, and the data that it gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ser_vae.features.extractor import Extractor
from ser_vae.features.normalise import Policy

FloatArray = npt.NDArray[np.float64]
LabelArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UtteranceData:
    """U utterances without their labels.

    Attributes:
        frames: (T, F) of each utterance, standardised by the normaliser of the run.
        whole: (U, E) what the estimator's own extractor computes of each utterance, such as
            eGeMAPS functionals; not standardised. None if the estimator has no extractor.
        speakers: of each utterance.
    """

    frames: list[npt.NDArray[np.floating]]
    whole: npt.NDArray[np.floating] | None
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Training:
    """What an estimator learns from, besides the data of all U utterances of a run.

    Attributes:
        label: (U,) class indices in the training set, -1 elsewhere.
        part: "train", "validation", "test" or "unlabelled" for each utterance.
        emotions: the K classes.
        normalise: the policy of the run, see `features.normalise`.
        seed: of all random choices.
    """

    label: LabelArray
    part: Sequence[str]
    emotions: Sequence[str]
    normalise: Policy
    seed: int

    @property
    def in_train(self) -> npt.NDArray[np.bool_]:
        """(U,) which utterances are in the training set."""
        return np.array(self.part) == "train"


class Storable:
    """Something that is fitted, whose state are the attributes named in `learned`.

    They hold arrays, numbers, strings, lists, dictionaries and scikit-learn objects only, which
    skops stores and loads without trusting any other type.
    """

    learned: ClassVar[tuple[str, ...]] = ()

    def state(self) -> dict[str, Any]:
        """Return what `fit` has learned."""
        return {name: getattr(self, name) for name in self.learned}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned, in place of `fit`."""
        for name in self.learned:
            setattr(self, name, state[name])


class UtteranceEstimator(Storable):
    """A classifier of whole utterances, or of sequences of latents, fitted without gradients.

    Of sequences of latents, `UtteranceData.frames` are the latents (S, Z) of each utterance. A
    class from outside this package need not derive from this one.

    Attributes:
        level: "utterance".
        conditional: whether it is given a label; always false.
        extractor: computes `UtteranceData.whole`, one row per utterance; None if not needed.
    """

    level = "utterance"
    conditional = False
    extractor: Extractor | None = None

    def fit(self, data: UtteranceData, training: Training) -> None:
        """Learn from the training set.

        `data` are all U utterances of the run. The audio of the other sets is used only if
        `normalise` is `speaker` or `corpus`, whose statistics are over all utterances.
        """
        raise NotImplementedError

    def predict_proba(self, data: UtteranceData) -> FloatArray:
        """Return the probability of each class: (U, K)."""
        raise NotImplementedError

    def add_speaker(self, speaker: str, data: UtteranceData) -> None:
        """Fit the statistics of a new speaker on their utterances, for `normalise=speaker`."""
