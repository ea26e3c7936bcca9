"""Latents -> segments: what a trained representation's decoder produces, for pictures and sound.

All segments are standardised, as in training; tensors are on the model's device.
"""

from typing import TypeGuard

import torch
from torch import Tensor

from ser_vae.model.representation import Decoder, HasPosterior, Representation


def has_trained_decoder(model: Representation) -> TypeGuard[Decoder]:
    """Whether `model` turns latents into segments, and was trained to do so."""
    return isinstance(model, Decoder) and bool(model.quantities)


@torch.no_grad()
def reconstruct(model: Decoder, x: Tensor, encode_as: Tensor, decode_as: Tensor) -> Tensor:
    """Encode segments x (S, D) under one condition (K,) and decode them under another -> (S, D).

    Two different labels swap the emotion of a conditional model; others ignore both.
    """
    z = model.feature(x, encode_as.expand(len(x), -1), sample=False)
    return model.decode(z, decode_as.expand(len(x), -1))


@torch.no_grad()
def informativeness(model: Representation, x: Tensor, c: Tensor) -> Tensor:
    """Rank value of each dimension on segments x (B, D) under conditions c (B, K): (Z,).

    Its mean KL in nats; the variance of the latent if there is no posterior.
    """
    if isinstance(model, HasPosterior):
        return model.posterior(x, c).kl().mean(dim=0)
    return model.feature(x, c, sample=False).var(dim=0)


@torch.no_grad()
def traverse(model: Decoder, z: Tensor, label: Tensor, dimension: int, offsets: Tensor) -> Tensor:
    """Decode latents with one dimension moved: z (S, Z), label (K,), offsets (m,) -> (m, S, D)."""
    shifted = z.repeat(len(offsets), 1, 1)
    shifted[:, :, dimension] += offsets[:, None]
    return torch.stack([model.decode(each, label.expand(len(each), -1)) for each in shifted])


@torch.no_grad()
def sample_prior(model: Decoder, count: int, label: Tensor, generator: torch.Generator) -> Tensor:
    """Decode segments from the prior, z ~ N(0, I), under `label` (K,): (count, D).

    Segments are independent: the model knows no order in time. `generator` is on the CPU.
    """
    z = torch.randn(count, model.latent_size, generator=generator).to(label.device)
    return model.decode(z, label.expand(count, -1))
