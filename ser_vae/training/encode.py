"""Segments -> latents, and the one place where a label can enter a latent.

Eq. (4)'s encoder Q(z|X, c) is told the class, which is what the classifier is to find out; the
paper does not say what stands in for it when an utterance is classified. A policy says it, by name.
"""

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments

LabelPolicy = Literal["null", "oracle"]
LEAKING = ("oracle",)  # test labels reach the encoder: for diagnosis, never a result

CHUNK = 8192  # segments encoded at once; bounds memory


def condition(policy: LabelPolicy, label: Tensor, classes: int) -> Tensor:
    """What the encoder is told of each utterance when it is classified: label (U,) -> (U, K).

    Args:
        policy: `null`: no label, the uniform vector, for training and test utterances alike;
            `oracle`: the true label, of test utterances too, which leaks it.
        label: class indices; not looked at under `null`.
        classes: K.
    """
    if policy not in get_args(LabelPolicy):
        raise SerVaeError(f"label_policy: expected one of {get_args(LabelPolicy)}, got {policy!r}")
    if policy == "oracle":
        return one_hot(label, classes).float()
    return torch.full((len(label), classes), 1.0 / classes)


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
