"""Latents -> segments: what a trained representation makes of speech, to look at and listen to.

All segments are standardised ones, as the model was trained on; tensors are on its device.
"""

from typing import Any

import torch
from torch import Tensor


def decodes(model: Any) -> bool:
    """Whether `model` turns latents into segments, and was to learn it."""
    return hasattr(model, "decode") and bool(model.quantities)


@torch.no_grad()
def reconstructed(model: Any, x: Tensor, told: Tensor, label: Tensor) -> Tensor:
    """Segments encoded under `told` (K,) and decoded under `label` (K,): x (S, D) -> (S, D).

    Two different labels swap the emotion of a conditional model; another takes notice of neither.
    """
    z = model.feature(x, told.expand(len(x), -1), sample=False)
    found: Tensor = model.decode(z, label.expand(len(x), -1))
    return found


@torch.no_grad()
def strengths(model: Any, x: Tensor, c: Tensor) -> Tensor:
    """How much each dimension says of segments x (B, D) told c (B, K): (Z,).

    Its mean KL in nats; the variance of the latent where there is no posterior.
    """
    if hasattr(model, "posterior"):
        kl: Tensor = model.posterior(x, c).kl()
        return kl.mean(dim=0)
    latents: Tensor = model.feature(x, c, sample=False)
    return latents.var(dim=0)


@torch.no_grad()
def moved(model: Any, z: Tensor, label: Tensor, dimension: int, by: Tensor) -> Tensor:
    """Latents decoded with one dimension moved: z (S, Z), label (K,), by (m,) -> (m, S, D)."""
    shifted = z.repeat(len(by), 1, 1)
    shifted[:, :, dimension] += by[:, None]
    found = [model.decode(each, label.expand(len(each), -1)) for each in shifted]
    return torch.stack(found)


@torch.no_grad()
def drawn(model: Any, count: int, label: Tensor, generator: torch.Generator) -> Tensor:
    """Segments decoded from the prior, z ~ N(0, I), under `label` (K,): (count, D).

    Each is drawn for itself: a row of them has no order in time, as the model knows none.
    `generator` is on the CPU.
    """
    z = torch.randn(count, model.latent_size, generator=generator).to(label.device)
    found: Tensor = model.decode(z, label.expand(count, -1))
    return found
