"""Segments -> latents, and the one place where a label can enter a latent.

Eq. (4)'s encoder Q(z|X, c) is told the class, which is what the classifier is to find out; the
paper does not say what stands in for it when an utterance is classified. A policy says it, by name.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments

CHUNK = 8192  # segments encoded at once; bounds memory


class Policy(NamedTuple):
    """What a CVAE's encoder is told of the label, and when.

    Attributes:
        pretraining: `told`: each segment's label, eq. (4); `dropout`: it is dropped now and then.
        train: of an utterance that the classifier learns from: `nothing`; `every` label, one after
            another, the features being averaged; the `truth`.
        test: of an utterance that is classified: the same, or the `guess` of a first pass without
            a label, a `random` label, each label as a `candidate` that is then judged, or, where
            no classifier is asked but the lower bound of each label, its `bound`.
    """

    pretraining: Literal["told", "dropout"]
    train: Literal["nothing", "every", "truth"]
    test: Literal["nothing", "every", "truth", "guess", "random", "candidate", "bound"]


POLICIES = {
    "null": Policy("told", "nothing", "nothing"),
    "dropout": Policy("dropout", "nothing", "nothing"),
    "marginal": Policy("told", "every", "every"),
    "elbo": Policy("told", "nothing", "bound"),
    "elbo+lstm": Policy("told", "truth", "candidate"),
    "predicted": Policy("told", "truth", "guess"),
    "random": Policy("told", "truth", "random"),
    "oracle": Policy("told", "truth", "truth"),
}
LEAKING = ("oracle",)  # test labels reach the encoder: for diagnosis, never a result


def policy_of(name: str) -> Policy:
    """Raises:
    SerVaeError: there is no policy of that name.
    """
    if name not in POLICIES:
        raise SerVaeError(f"label_policy: expected one of {', '.join(POLICIES)}, got {name!r}")
    return POLICIES[name]


def untold(utterances: int, classes: int) -> Tensor:
    """No label: all classes alike, (U, K)."""
    return torch.full((utterances, classes), 1.0 / classes)


def told(label: Tensor, classes: int) -> Tensor:
    """The label itself: (U,) -> one-hot (U, K)."""
    return one_hot(label, classes).float()


class Marginal(torch.nn.Module):
    """A conditional representation that is told every label in turn and hands on the mean."""

    def __init__(self, model: torch.nn.Module, classes: int) -> None:
        super().__init__()
        self.model, self.classes = model, classes
        self.latent_size = model.latent_size

    def feature(
        self, x: Tensor, c: Tensor, *, sample: bool, generator: torch.Generator | None = None
    ) -> Tensor:
        """The mean over the labels of the features: x (B, D) -> (B, Z); c is not looked at."""
        every = torch.eye(self.classes, device=c.device)
        features = [
            self.model.feature(  # type: ignore[operator]
                x, label.expand_as(c), sample=sample, generator=generator
            )
            for label in every
        ]
        return torch.stack(features).mean(dim=0)


@torch.no_grad()
def encode(
    model: torch.nn.Module,
    segments: Segments,
    condition: Tensor,
    *,
    sample: bool,
    seed: int,
    device: torch.device,
) -> Tensor:
    """The latents of all segments: condition (U, K) -> (N, Z), on the CPU.

    `sample` draws z from the posterior, from `seed`, in place of mu.
    """
    model.eval().float().to(device)
    generator = torch.Generator(device).manual_seed(seed)
    c = condition[segments.utterance]
    latents = [
        model.feature(  # type: ignore[operator]
            segments[index].to(device),
            c[index].to(device),
            sample=sample,
            generator=generator,
        ).cpu()
        for index in torch.split(torch.arange(len(segments)), CHUNK)
    ]
    return torch.cat(latents)


@torch.no_grad()
def lower_bounds(
    model: torch.nn.Module,
    segments: Segments,
    *,
    classes: int,
    draws: int,
    seed: int,
    device: torch.device,
) -> Tensor:
    """The lower bound of log P(X|c) under each label c, summed over an utterance: (U, K), in nats.

    Up to a constant that no label changes. The expectation over z is a mean over `draws` samples,
    whose noise is the same under all labels, so that it hardly blurs their difference.
    """
    model.eval().float().to(device)
    each = []
    for label in torch.eye(classes):
        generator = torch.Generator(device).manual_seed(seed)
        chunks = []
        for index in torch.split(torch.arange(len(segments)), CHUNK):
            x = segments[index].to(device)
            c = label.to(device).expand(len(x), -1)
            terms = [model.loss(x, c, generator) for _ in range(draws)]  # type: ignore[operator]
            bound = [-(own["squared_error"] + own["kl"]) for own in terms]  # whatever beta is
            chunks.append(torch.stack(bound).mean(dim=0).cpu())
        each.append(torch.cat(chunks))
    of_segment = torch.stack(each, dim=1).double()  # (N, K)
    total = torch.zeros(len(segments.count), of_segment.shape[1], dtype=torch.float64)
    return total.index_add_(0, segments.utterance, of_segment)
