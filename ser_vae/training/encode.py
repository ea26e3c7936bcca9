"""Segments -> latents, and lower bounds of their likelihood under each label."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae.data.segment import Segments
from ser_vae.model.objective import squared_error
from ser_vae.model.representation import Decoder, HasPosterior, Network, Representation

CHUNK = 8192  # segments encoded at once; bounds memory


def uniform_condition(utterances: int, classes: int) -> Tensor:
    """Condition on no label: equal weights for all classes, (U, K)."""
    return torch.full((utterances, classes), 1.0 / classes)


def one_hot_condition(label: Tensor, classes: int) -> Tensor:
    """Condition on a label: (U,) -> one-hot (U, K)."""
    return one_hot(label, classes).float()


class Marginal(torch.nn.Module):
    """A conditional representation averaged over all labels, whatever condition it is given."""

    def __init__(self, model: Representation, classes: int) -> None:
        super().__init__()
        self.model, self.classes = model, classes
        self.latent_size = model.latent_size

    def feature(
        self, x: Tensor, c: Tensor, *, sample: bool, generator: torch.Generator | None = None
    ) -> Tensor:
        """Average the latents over the labels: x (B, D) -> (B, Z); only the shape of c matters."""
        labels = torch.eye(self.classes, device=c.device)
        features = [
            self.model.feature(x, label.expand_as(c), sample=sample, generator=generator)
            for label in labels
        ]
        return torch.stack(features).mean(dim=0)


def prepare(network: Network, device: torch.device) -> None:
    """Put a network in evaluation mode, single precision and on a device, if it is not yet.

    Threads may then share it; moving an LSTM while another thread uses it fails.
    """
    network.eval()
    tensors = (*network.parameters(), *network.buffers())
    if any(t.device != device or t.dtype == torch.float64 for t in tensors):
        network.float()
        network.to(device)


@torch.no_grad()
def encode(
    model: Representation | Marginal,
    segments: Segments,
    condition: Tensor,
    *,
    sample: bool,
    seed: int,
    device: torch.device,
) -> Tensor:
    """Encode all segments: condition (U, K) -> latents (N, Z), on the CPU.

    With `sample`, z is drawn from the posterior with `seed`; otherwise it is mu.
    """
    prepare(model, device)
    generator = torch.Generator(device).manual_seed(seed)
    c = condition[segments.utterance]
    latents = [
        model.feature(
            segments[index].to(device), c[index].to(device), sample=sample, generator=generator
        ).cpu()
        for index in torch.split(torch.arange(len(segments)), CHUNK)
    ]
    return torch.cat(latents)


@torch.no_grad()
def lower_bounds(
    model: Representation,
    segments: Segments,
    *,
    classes: int,
    draws: int,
    seed: int,
    device: torch.device,
) -> Tensor:
    """Estimate the lower bound of log P(X|c) for each label c, summed over an utterance.

    Up to a constant that no label changes; beta is left out. The expectation over z is a mean over
    `draws` samples. All labels get the same noise, so that it hardly blurs their difference.

    Returns:
        (U, K), in nats, double precision.
    """
    prepare(model, device)
    by_label = []
    for label in torch.eye(classes):
        generator = torch.Generator(device).manual_seed(seed)
        chunks = []
        for index in torch.split(torch.arange(len(segments)), CHUNK):
            x = segments[index].to(device)
            c = label.to(device).expand(len(x), -1)
            chunks.append(mean_bound(model, x, c, draws, generator).cpu())
        by_label.append(torch.cat(chunks))
    by_segment = torch.stack(by_label, dim=1).double()  # (N, K)
    total = torch.zeros(len(segments.count), classes, dtype=torch.float64)
    return total.index_add_(0, segments.utterance, by_segment)


def mean_bound(
    model: Representation, x: Tensor, c: Tensor, draws: int, generator: torch.Generator
) -> Tensor:
    """Average the lower bound over `draws` samples of z: x (B, D), c (B, K) -> (B,)."""
    if isinstance(model, HasPosterior) and isinstance(model, Decoder):  # encodes only once
        posterior = model.posterior(x, c)
        kl = posterior.kl().sum(dim=-1)
        z = (posterior.sample(generator) for _ in range(draws))
        bounds = [-(squared_error(x, model.decode(each, c)) + kl) for each in z]
    else:
        terms = (model.loss(x, c, generator) for _ in range(draws))
        bounds = [-(term["squared_error"] + term["kl"]) for term in terms]
    return torch.stack(bounds).mean(dim=0)
