"""Whether a representation still carries information about the speech: curves, figures, an alarm.

If the posterior collapses onto the prior, training raises no error, and the classifier behind it
scores like the majority baseline. Averaging the squared error over the 800 values while summing the
KL makes it collapse completely: relative error 1.00, KL 0.0. With both summed, as in eq. (3), real
speech gives about 0.1 and 25 nats.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from ser_vae.data.batch import BatchIndex
from ser_vae.data.sets import SegmentBatch, SegmentSet
from ser_vae.model.diagnostics import (
    active_units,
    log_likelihood,
    mutual_information,
    relative_error,
)
from ser_vae.model.representation import Decoder, HasPosterior, Representation
from ser_vae.training.seeding import seed_for

# A representation counts as collapsed, or as hardly trained, beyond these.
LEAST_KL = 5.0  # nats per segment, standardised: real speech gives 23 to 31, a collapsed VAE 0
LARGEST_RELATIVE_ERROR = 0.9  # real speech gives 0.04 to 0.2, a collapsed VAE 1; the only criterion
# for an AE. A collapsed CVAE still decodes the mean of its label (URDU: 0.8); only its KL shows it.
SEGMENTS = 1024  # at most, measured once after pretraining
MONITORED = 256  # at most, measured after each epoch, in 1 % of its time (7,000 segments)
IMPORTANCE_SAMPLES = 64  # of z for each segment
MEASUREMENTS = (
    *("relative_error", "latent", "segments", "part", "collapsed", "sentence", "kl"),
    *("kl_per_dimension", "active_units", "log_likelihood", "mutual_information"),
)
CHUNK = 256  # segments whose likelihood is estimated at once; they fit a processor's cache


def draw_segments(data: SegmentSet, seed: int, at_most: int = MONITORED) -> SegmentBatch:
    """Draw up to `at_most` of the segments, from a separate random stream."""
    generator = torch.Generator().manual_seed(seed_for(seed, "health", "segments"))
    index = torch.randperm(len(data), generator=generator)[:at_most]
    return data[BatchIndex(index, loss_scale=1.0)]


@torch.no_grad()
def epoch_health(model: nn.Module, batch: SegmentBatch) -> dict[str, float]:
    """Measure relative error and, with a posterior, KL and active units.

    Nothing in it is random: the model is in evaluation mode afterwards. Empty for a model that does
    not reconstruct.
    """
    if not isinstance(model, Decoder):
        return {}
    model.eval()
    x, c = batch_for(model, batch)
    health = {"relative_error": relative_error(x, model.reconstruct(x, c))}
    if isinstance(model, HasPosterior):
        posterior = model.posterior(x, c)
        health["kl"] = float(posterior.kl().sum(dim=1).mean())
        health["active_units"] = active_units(posterior.mu)
    return health


@torch.no_grad()
def measure_health(
    model: Representation, data: SegmentSet, *, seed: int, device: torch.device
) -> dict[str, Any]:
    """Measure a representation on up to `SEGMENTS` segments of the test set.

    Args:
        model: one that reconstructs. Its weights are unchanged.
        data: the test set, with the condition of each segment: the true label, as in pretraining.
            That is a diagnosis of P(X|z, c), and reaches no prediction.
        seed: draws the segments, and the noise of the estimates.
        device: where to compute.

    Returns:
        `relative_error`: squared error of decoding mu, relative to the variance of the segments.
        `latent`: Z.
        `segments`: how many were measured.
        `part`: the set that they are from.
        `collapsed`: the alarm. It also fires, with nothing wrong, if training was very short or the
            corpus very small.
        `sentence`: the above in words.
        The others are None where a model has no posterior. `kl`: nats per segment, and
        `kl_per_dimension`, its Z terms. `active_units`: of the Z. `log_likelihood`: nats per
        segment. `mutual_information`: nats, at most log `segments`. See `model.diagnostics`.
    """
    model.to(device)
    batch = draw_segments(data, seed, SEGMENTS)
    health: dict[str, Any] = {**dict.fromkeys(MEASUREMENTS), **epoch_health(model, batch)}
    health |= {"latent": model.latent_size, "segments": len(batch.x), "part": "test"}
    health["collapsed"] = is_collapsed(health["relative_error"], health["kl"])
    health["sentence"] = health_sentence(health, conditional=model.conditional)
    if isinstance(model, HasPosterior):
        x, c = batch_for(model, batch)
        posterior, noise_seed = model.posterior(x, c), seed_for(seed, "health", "noise")
        generator = torch.Generator(x.device).manual_seed(noise_seed)
        likelihoods = [
            log_likelihood(model, *chunk, samples=IMPORTANCE_SAMPLES, generator=generator)
            for chunk in zip(torch.split(x, CHUNK), torch.split(c, CHUNK), strict=True)
        ]
        health["kl_per_dimension"] = posterior.kl().mean(dim=0).tolist()
        health["log_likelihood"] = float(torch.cat(likelihoods).mean())
        on_cpu = torch.Generator().manual_seed(noise_seed)
        health["mutual_information"] = mutual_information(posterior, on_cpu)
    return health


def is_collapsed(relative_error: float, kl: float | None) -> bool:
    """Return whether a representation has collapsed; NaN counts as collapsed."""
    return not (relative_error <= LARGEST_RELATIVE_ERROR and (kl is None or kl >= LEAST_KL))


def health_sentence(health: Mapping[str, Any], *, conditional: bool) -> str:
    """State the verdict, its figures, and what they were measured on."""
    verdict = "COLLAPSED or hardly trained" if health["collapsed"] else "No collapse"
    figures = (
        f"relative error {health['relative_error']:.3f} (alarm above {LARGEST_RELATIVE_ERROR})"
    )
    if health["kl"] is not None:
        figures += f", KL {health['kl']:.1f} nats per segment (alarm below {LEAST_KL:g})"
        figures += f", {health['active_units']} of {health['latent']} units active"
    measured = f"{health['segments']:,} segments of the {health['part']} set"
    return f"{verdict}: {figures}; {measured}{', each with its label' if conditional else ''}."


def batch_for(model: nn.Module, batch: SegmentBatch) -> tuple[Tensor, Tensor]:
    """Return segments and conditions on the model's device and in its precision."""
    like = next(chain(model.parameters(), model.buffers()))
    return batch.x.to(like), batch.c.to(like)
