"""What stands in for the label when a conditional encoder is used to classify.

The encoder Q(z|X, c) of eq. (4) is given the class, which the classifier has yet to predict. The
paper does not say what replaces it when an utterance is classified; this is what a label policy
determines. A policy uses a representation, the classifiers trained on it, and segments; only
`oracle` is given test labels, and it is a diagnosis, never a result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from scipy.special import log_softmax, softmax
from torch import Tensor

from ser_vae.data.segment import Segments
from ser_vae.model.representation import Representation
from ser_vae.training.predict import (
    LatentClassifier,
    Probabilities,
    lower_bounds,
    one_hot_condition,
    uniform_condition,
)
from ser_vae.training.seeding import seed_for

Pretraining = Literal["label", "dropout"]
Condition = Literal["none", "every", "label"]

DRAWS = 4  # samples of z for the lower bound of each label


@dataclass(frozen=True)
class Trained:
    """Trained networks, applied to the segments of U utterances.

    Attributes:
        representation: as pretrained.
        classifiers: by the condition that they learned under: `none`: no label; `every`: the
            latents averaged over all labels; `label`: the true label of the training set.
        segments: of the utterances.
        speakers: of the utterances.
        classes: K.
        seed: of the run.
        device: where to compute.
    """

    representation: Representation
    classifiers: Mapping[Condition, LatentClassifier]
    segments: Segments
    speakers: Sequence[str]
    classes: int
    seed: int
    device: torch.device
    computed: dict[Any, Probabilities] = field(default_factory=dict, init=False, repr=False)

    def classify(self, learned_under: Condition, condition: Tensor) -> Probabilities:
        """Classify with the encoder under a condition (U, K) -> (U, K), once for each."""
        key = learned_under, condition.numpy().tobytes()
        if key not in self.computed:
            classifier = self.classifiers[learned_under]
            self.computed[key] = classifier.probabilities(self.segments, condition, self.speakers)
        return self.computed[key]

    def without_label(self, learned_under: Condition) -> Probabilities:
        utterances = len(self.segments.count)
        return self.classify(learned_under, uniform_condition(utterances, self.classes))

    @cached_property
    def bounds(self) -> Probabilities:
        """The lower bound of each utterance under each label: (U, K), in nats."""
        return lower_bounds(
            self.representation,
            self.segments,
            classes=self.classes,
            draws=DRAWS,
            seed=seed_for(self.seed, "lower bound"),
            device=self.device,
        ).numpy()


@dataclass(frozen=True)
class LabelPolicy:
    """A policy by name.

    Attributes:
        name: as in `label_policy`.
        pretraining: `label`: each segment's label, eq. (4); `dropout`: it is sometimes dropped.
        condition: the condition under which its main classifier learns.
    """

    name: str
    pretraining: Pretraining = "label"
    condition: Condition = "label"

    @property
    def classifiers(self) -> tuple[Condition, ...]:
        """The conditions of all the classifiers that it needs."""
        return (self.condition,)

    def probabilities(self, trained: Trained) -> Probabilities:
        """Classify the utterances of `trained`: (U, K)."""
        raise NotImplementedError


class WithoutLabel(LabelPolicy):
    """The encoder gets no label: `null`, `dropout` and, averaged over all labels, `marginal`."""

    def probabilities(self, trained: Trained) -> Probabilities:
        return trained.without_label(self.condition)


class LowerBound(LabelPolicy):
    """No classifier: the softmax of the lower bounds of log P(X|c)."""

    classifiers = ()

    def probabilities(self, trained: Trained) -> Probabilities:
        return softmax(trained.bounds, axis=1)


class BoundAndClassifier(LabelPolicy):
    """Each label c is tried: log-softmax of the bound per segment + log p(y = c | z_c)."""

    def probabilities(self, trained: Trained) -> Probabilities:
        segments = trained.segments.count.numpy()[:, None]
        tried = torch.eye(trained.classes)[:, None].expand(-1, len(segments), -1)  # (K, U, K)
        by_label = [trained.classify("label", c)[:, k] for k, c in enumerate(tried)]
        confidence = np.maximum(np.stack(by_label, axis=1), np.finfo(np.float64).tiny)
        log_odds = log_softmax(trained.bounds / segments, axis=1)
        log_odds += np.log(confidence)
        return softmax(log_odds, axis=1)


class Predicted(LabelPolicy):
    """The label is the prediction of a first pass without a label."""

    classifiers = ("none", "label")

    def probabilities(self, trained: Trained) -> Probabilities:
        first = torch.from_numpy(trained.without_label("none").argmax(axis=1))
        return trained.classify("label", one_hot_condition(first, trained.classes))


@dataclass(frozen=True)
class GivenLabel(LabelPolicy):
    """The label comes from outside: a random one, or for `oracle` the true one.

    Attributes:
        labels: (U,) class indices; None: random ones.
    """

    labels: Tensor | None = None

    def probabilities(self, trained: Trained) -> Probabilities:
        labels = self.labels
        if labels is None:
            labels = random_labels(len(trained.segments.count), trained.classes, trained.seed)
        return trained.classify("label", one_hot_condition(labels, trained.classes))


POLICIES: dict[str, LabelPolicy] = {
    policy.name: policy
    for policy in (
        WithoutLabel("null", condition="none"),
        WithoutLabel("dropout", pretraining="dropout", condition="none"),
        WithoutLabel("marginal", condition="every"),
        LowerBound("elbo", condition="none"),
        BoundAndClassifier("elbo+lstm"),
        Predicted("predicted"),
        GivenLabel("random"),
        GivenLabel("oracle"),
    )
}
USES_BOUNDS = ("elbo", "elbo+lstm")  # need the terms `squared_error` and `kl` of a loss
LEAKING = ("oracle",)  # test labels reach the encoder: a diagnosis, never a result


def random_labels(utterances: int, classes: int, seed: int) -> Tensor:
    """Draw labels (U,), uniformly over the classes."""
    generator = torch.Generator().manual_seed(seed_for(seed, "random label"))
    return torch.randint(classes, (utterances,), generator=generator)
