"""What stands in for the label when a conditional encoder is used to classify.

The encoder Q(z|X, c) of eq. (4) is given the class, which the classifier has yet to predict. The
paper does not say what replaces it when an utterance is classified; this is what a label policy
determines. A policy uses a representation, the classifiers trained on it, and segments; only
`oracle` is given test labels, and it is a diagnosis, never a result.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import torch
from scipy.special import log_softmax, softmax
from torch import Tensor

from ser_vae.data.segment import Segments
from ser_vae.model.representation import Representation
from ser_vae.training.predict import (
    CHUNK,
    LatentClassifier,
    Probabilities,
    one_hot_condition,
    prepare,
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
    @torch.no_grad()
    def bounds(self) -> Probabilities:
        """The lower bound of log P(X|c) for each label c, summed over an utterance: (U, K), nats.

        A constant that does not depend on the label is left out, and so is beta. The expectation
        over z is a mean over `DRAWS` samples. All labels get the same noise, which hardly blurs
        differences.
        """
        prepare(self.representation, self.device)
        by_label = []
        for label in torch.eye(self.classes):
            generator = torch.Generator(self.device).manual_seed(seed_for(self.seed, "lower bound"))
            chunks = []
            for index in torch.split(torch.arange(len(self.segments)), CHUNK):
                x = self.segments[index].to(self.device)
                c = label.to(self.device).expand(len(x), -1)
                terms = (self.representation.loss(x, c, generator) for _ in range(DRAWS))
                bounds = [-(term["squared_error"] + term["kl"]) for term in terms]
                chunks.append(torch.stack(bounds).mean(dim=0).cpu())
            by_label.append(torch.cat(chunks))
        by_segment = torch.stack(by_label, dim=1).double()  # (N, K)
        total = torch.zeros(len(self.segments.count), self.classes, dtype=torch.float64)
        return total.index_add_(0, self.segments.utterance, by_segment).numpy()


@dataclass(frozen=True)
class LabelPolicy:
    """A policy by name.

    Attributes:
        name: as in `label_policy`.
        classifiers: the conditions under which its classifiers learn; the main one is the last.
        probabilities: classifies the utterances of a `Trained`: (U, K).
        pretraining: `label`: each segment's label, eq. (4); `dropout`: it is sometimes dropped.
    """

    name: str
    classifiers: tuple[Condition, ...]
    probabilities: Callable[[Trained], Probabilities]
    pretraining: Pretraining = "label"

    @property
    def condition(self) -> Condition:
        """The condition under which its main classifier learns."""
        return self.classifiers[-1] if self.classifiers else "none"


def lower_bound(trained: Trained) -> Probabilities:
    """Use no classifier: the softmax of the lower bounds of log P(X|c)."""
    return softmax(trained.bounds, axis=1)


def bound_and_classifier(trained: Trained) -> Probabilities:
    """Try each label c: log-softmax of the bound per segment + log p(y = c | z_c)."""
    segments = trained.segments.count.numpy()[:, None]
    tried = torch.eye(trained.classes)[:, None].expand(-1, len(segments), -1)  # (K, U, K)
    by_label = [trained.classify("label", c)[:, k] for k, c in enumerate(tried)]
    confidence = np.maximum(np.stack(by_label, axis=1), np.finfo(np.float64).tiny)
    log_odds = log_softmax(trained.bounds / segments, axis=1)
    log_odds += np.log(confidence)
    return softmax(log_odds, axis=1)


def predicted_label(trained: Trained) -> Probabilities:
    """Give the encoder the prediction of a first pass without a label."""
    return given_label(trained, torch.from_numpy(trained.without_label("none").argmax(axis=1)))


def given_label(trained: Trained, labels: Tensor | None = None) -> Probabilities:
    """Give the encoder labels (U,) from outside; None: random ones."""
    if labels is None:
        labels = random_labels(len(trained.segments.count), trained.classes, trained.seed)
    return trained.classify("label", one_hot_condition(labels, trained.classes))


no_label = partial(Trained.without_label, learned_under="none")
POLICIES: dict[str, LabelPolicy] = {
    policy.name: policy
    for policy in (
        LabelPolicy("null", ("none",), no_label),
        LabelPolicy("dropout", ("none",), no_label, pretraining="dropout"),
        LabelPolicy("marginal", ("every",), partial(Trained.without_label, learned_under="every")),
        LabelPolicy("elbo", (), lower_bound),
        LabelPolicy("elbo+lstm", ("label",), bound_and_classifier),
        LabelPolicy("predicted", ("none", "label"), predicted_label),
        LabelPolicy("random", ("label",), given_label),
        LabelPolicy("oracle", ("label",), given_label),  # the pipeline gives the true ones
    )
}
USES_BOUNDS = ("elbo", "elbo+lstm")  # need the terms `squared_error` and `kl` of a loss
LEAKING = ("oracle",)  # test labels reach the encoder: a diagnosis, never a result


def random_labels(utterances: int, classes: int, seed: int) -> Tensor:
    """Draw labels (U,), uniformly over the classes."""
    generator = torch.Generator().manual_seed(seed_for(seed, "random label"))
    return torch.randint(classes, (utterances,), generator=generator)
