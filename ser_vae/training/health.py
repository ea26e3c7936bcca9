"""Whether a representation still says anything of the speech: curves, figures and an alarm.

A posterior that has collapsed onto the prior trains without an error, and the classifier behind it
scores like the majority. A squared error averaged over the 800 values, beside a KL that is summed,
does it completely: relative error 1.00, KL 0.0. With both summed, as in eq. (3), real speech gives
about 0.1 and 25 nats.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from ser_vae.data.batch import Pick
from ser_vae.data.datamodule import SegmentBatch, SegmentSet
from ser_vae.model.collapse import LARGEST_RELATIVE_ERROR, LEAST_KL
from ser_vae.model.diagnostics import (
    active_units,
    log_likelihood,
    mutual_information,
    relative_error,
)
from ser_vae.training.seeding import seed_for

SEGMENTS = 1024  # at most, measured once after pretraining
WATCHED = 256  # at most, measured after each epoch; takes about 1 % of an epoch of 7,000 segments
IMPORTANCE_SAMPLES = 64  # of z for each segment
CHUNK = 256  # segments whose likelihood is estimated at once; they stay in a processor's cache


@dataclass(frozen=True)
class Health:
    """What was measured; None where a model has no posterior.

    Attributes:
        relative_error: squared error, mu decoded, relative to the variance of the segments.
        latent: Z.
        segments: how many were measured.
        part: the part that they are of.
        collapsed: whether the alarm sounds. It does with nothing wrong, too, where training was
            very short or the corpus very small.
        sentence: for a reader.
        kl: nats a segment.
        kl_per_dimension: its Z terms.
        active_units: of the Z; see `diagnostics.active_units`.
        log_likelihood: nats a segment; see `diagnostics.log_likelihood`.
        mutual_information: nats, at most log `segments`; see `diagnostics.mutual_information`.
    """

    relative_error: float
    latent: int
    segments: int
    part: str
    collapsed: bool
    sentence: str
    kl: float | None = None
    kl_per_dimension: list[float] | None = None
    active_units: int | None = None
    log_likelihood: float | None = None
    mutual_information: float | None = None


def watched(data: SegmentSet, seed: int, at_most: int = WATCHED) -> SegmentBatch:
    """Up to `at_most` of the segments, drawn from a stream of its own."""
    generator = torch.Generator().manual_seed(seed_for(seed, "health", "segments"))
    chosen = torch.randperm(len(data), generator=generator)[:at_most]
    return data[Pick(chosen, share=1.0)]


@torch.no_grad()
def curves(model: Any, batch: SegmentBatch) -> dict[str, float]:
    """What is logged of an epoch: relative error; with a posterior, KL and active units too.

    Nothing in it is random, and a model without `reconstruct` has none of it.
    """
    if not hasattr(model, "reconstruct"):
        return {}
    with _evaluated(model, batch) as (x, c):
        found = {"relative_error": relative_error(x, model.reconstruct(x, c))}
        if hasattr(model, "posterior"):
            posterior = model.posterior(x, c)
            found["kl"] = float(posterior.kl().sum(dim=1).mean())
            found["active_units"] = active_units(posterior.mu)
    return found


@torch.no_grad()
def health(
    model: Any, data: SegmentSet, *, part: str, seed: int, device: torch.device
) -> dict[str, Any] | None:
    """Measure a representation on up to `SEGMENTS` segments: `Health` as a dictionary.

    Args:
        model: None is returned for one without `reconstruct`; one with `posterior` and `decode`
            is measured as a VAE. Its weights stay as they are, on `device`.
        data: segments that were not trained on, with what a conditional model is told of each:
            from `Material.segment_set` the true label, as in pretraining. That is a diagnosis of
            P(X|z, c); it reaches no prediction.
        part: the name of the part that `data` is.
        seed: draws the segments, and the noise of the estimates.
        device: where to compute.
    """
    if not hasattr(model, "reconstruct"):
        return None
    batch = watched(data, seed, SEGMENTS)
    found: dict[str, Any] = curves(model.to(device), batch)
    found["collapsed"] = sounds(found["relative_error"], found.get("kl"))
    found |= {"latent": model.latent_size, "segments": len(batch.x), "part": part}
    found["sentence"] = sentence(found, told=model.conditional)
    if hasattr(model, "posterior"):
        found |= _estimates(model, batch, seed_for(seed, "health", "noise"))
    return asdict(Health(**found))


def sounds(error: float, kl: float | None) -> bool:
    """Whether the alarm does, of a relative error and a KL: not a number is no sign of health."""
    return not (error <= LARGEST_RELATIVE_ERROR and (kl is None or kl >= LEAST_KL))


def sentence(found: Mapping[str, Any], *, told: bool) -> str:
    """The verdict, what it rests on, and what that was measured on."""
    verdict = "COLLAPSED or hardly trained" if found["collapsed"] else "No collapse"
    figures = f"relative error {found['relative_error']:.3f} (alarm above {LARGEST_RELATIVE_ERROR})"
    if "kl" in found:
        figures += f", KL {found['kl']:.1f} nats a segment (alarm below {LEAST_KL:g})"
        figures += f", {found['active_units']} of {found['latent']} units active"
    measured = f"{found['segments']:,} segments of the {found['part']} part"
    return f"{verdict}: {figures}; {measured}{', each with its label' if told else ''}."


def _estimates(model: Any, batch: SegmentBatch, seed: int) -> dict[str, Any]:
    """What takes the posterior, and for the most part noise."""
    with _evaluated(model, batch) as (x, c):
        posterior = model.posterior(x, c)
        noise = torch.Generator(x.device).manual_seed(seed)
        chunks = zip(torch.split(x, CHUNK), torch.split(c, CHUNK), strict=True)
        likelihoods = [
            log_likelihood(model, *chunk, samples=IMPORTANCE_SAMPLES, generator=noise)
            for chunk in chunks
        ]
        return {
            "kl_per_dimension": posterior.kl().mean(dim=0).tolist(),
            "log_likelihood": float(torch.cat(likelihoods).mean()),
            "mutual_information": mutual_information(
                posterior, torch.Generator().manual_seed(seed)
            ),
        }


@contextmanager
def _evaluated(model: torch.nn.Module, batch: SegmentBatch) -> Iterator[tuple[Tensor, Tensor]]:
    """Segments and conditions as the model's weights are kept; no dropout meanwhile."""
    like = next(chain(model.parameters(), model.buffers()))
    training = model.training
    model.eval()
    try:
        yield batch.x.to(like), batch.c.to(like)
    finally:
        model.train(training)
