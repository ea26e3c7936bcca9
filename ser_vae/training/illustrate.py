"""What the decoder makes of utterances and of the latent space, as log-mel frames to look at.

For extractors that can be inverted only. Segments are standardised, as in training. Everything here
comes after prediction; no score depends on it.
"""

from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser_vae.data.segment import Segments, join_segments
from ser_vae.features.extractor import Invertible
from ser_vae.features.normalise import Scale
from ser_vae.model.representation import Decoder, HasPosterior, Representation
from ser_vae.training.predict import prepare, uniform_condition

DIMENSIONS = 8  # traversed
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # in standard deviations over the segments
MEASURED = 4096  # segments, at most, on which informativeness and standard deviations are measured
PRIOR_DRAWS = 6  # segments from the prior for each emotion


def has_trained_decoder(model: Representation) -> TypeGuard[Decoder]:
    """Whether `model` turns latents into segments, and was trained to do so."""
    return isinstance(model, Decoder) and bool(model.quantities)


@torch.no_grad()
def draw_illustrations(
    model: Decoder,
    extractor: Invertible,
    segments: Segments,
    scales: Sequence[Scale],
    label: Tensor,
    chosen: Sequence[int],
    *,
    classes: int,
    seed: int,
    device: torch.device,
) -> dict[str, Any]:
    """Draw the arrays of `evaluation.arrays.Illustrations`, which describes them.

    Args:
        model: a trained decoder.
        extractor: of the frames.
        segments: of U utterances, standardised.
        scales: by which each utterance was standardised.
        label: (U,) class indices; the condition of a conditional model.
        chosen: the E utterances to reconstruct.
        classes: K.
        seed: of the draws from the prior.
        device: where to compute.
    """
    prepare(model, device)
    labels, unknown = torch.eye(classes, device=device), uniform_condition(1, classes).to(device)
    stds = torch.stack([scale.std for scale in scales])
    means = torch.stack([scale.mean for scale in scales])
    mean_scale = Scale(means.mean(dim=0), stds.mean(dim=0))  # of segments of no utterance

    def in_original_units(frames: Tensor, scale: Scale) -> npt.NDArray[np.float32]:
        bands = extractor.spectrogram_bands
        unscaled: npt.NDArray[np.float32] = scale.undo(frames.cpu())[..., :bands].numpy()
        return unscaled

    def drawn(rows: Tensor) -> npt.NDArray[np.float32]:
        """Turn segments of no utterance (..., D) to frames (..., length, F)."""
        return in_original_units(rows.unflatten(-1, (segments.length, -1)), mean_scale)

    inputs, by_label = [], []
    for index in chosen:
        one = segments.of(torch.arange(len(label)) == index)
        x, truth = one[torch.arange(len(one))].to(device), labels[label[index]]
        rows = [x, *(reconstruct(model, x, truth, other) for other in labels)]
        joined = (join_segments(each, one.start, one.length) for each in rows)
        first, *others = (in_original_units(frames, scales[index]) for frames in joined)
        inputs.append(first)
        by_label.append(np.stack(others))
    spread = torch.linspace(0, len(segments) - 1, min(len(segments), MEASURED)).round().long()
    x = segments[spread].to(device)
    c = unknown.expand(len(x), -1)
    z = model.feature(x, c, sample=False)
    dimensions = informativeness(model, x, c).argsort(descending=True)[:DIMENSIONS].tolist()
    steps, centre = torch.tensor(STEPS, device=device), z.mean(dim=0)
    moved = [traverse(model, centre, unknown[0], d, steps * z[:, d].std()) for d in dimensions]
    prior = torch.empty(0, PRIOR_DRAWS, segments.size)
    if isinstance(model, HasPosterior):
        prior = sample_prior(model, PRIOR_DRAWS, labels if model.conditional else unknown, seed)
    return {
        "input": tuple(inputs),
        "reconstruction": tuple(
            frames[label[index]] for frames, index in zip(by_label, chosen, strict=True)
        ),
        "swapped": tuple(by_label) if model.conditional else (),
        "dimension": np.array(dimensions, dtype=np.int64),
        "step": np.array(STEPS),
        "traversal": drawn(torch.stack(moved)),
        "prior": drawn(prior),
    }


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
    """Decode a latent with one dimension moved: z (Z,), label (K,), offsets (m,) -> (m, D)."""
    moved = z.repeat(len(offsets), 1)
    moved[:, dimension] += offsets
    return model.decode(moved, label.expand(len(moved), -1))


@torch.no_grad()
def sample_prior(model: Decoder, count: int, conditions: Tensor, seed: int) -> Tensor:
    """Decode segments from the prior, z ~ N(0, I), under conditions (n, K): (n, count, D).

    The same z are decoded under each condition, so that what differs is due to the condition.
    Segments are independent: the model knows no order in time.
    """
    z = torch.randn(count, model.latent_size, generator=torch.Generator().manual_seed(seed))
    z = z.to(conditions.device)
    return torch.stack([model.decode(z, c.expand(count, -1)) for c in conditions])


def typical_utterances(label: Tensor, count: Tensor, classes: int) -> list[int]:
    """Choose an utterance of median length per emotion: label (U,), segments `count` (U,)."""
    chosen = []
    for emotion in range(classes):
        rows = torch.nonzero(label == emotion).flatten()
        if len(rows):
            by_length = rows[count[rows].argsort(stable=True)]
            chosen.append(int(by_length[len(by_length) // 2]))
    return chosen
