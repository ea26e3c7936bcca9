"""Segments -> latents -> probabilities of the emotions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.checkpoint import checkpoint

from ser_vae.baseline.estimator import UtteranceData, UtteranceEstimator
from ser_vae.classifier.head import Head
from ser_vae.data.batch import BatchIndex
from ser_vae.data.segment import Segments
from ser_vae.data.sets import MAX_PADDED, SequenceBatch, SequenceSet, SplitBatch
from ser_vae.features.audio import Samples
from ser_vae.model.posterior import Noise
from ser_vae.model.representation import Representation
from ser_vae.training.seeding import seed_for

CHUNK = 8192  # segments encoded at once; bounds memory


def uniform_condition(utterances: int, classes: int) -> Tensor:
    """Condition on no label: equal weights for all classes, (U, K)."""
    return torch.full((utterances, classes), 1.0 / classes)


def one_hot_condition(label: Tensor, classes: int) -> Tensor:
    """Condition on a label: (U,) -> one-hot (U, K)."""
    return one_hot(label, classes).float()


class Marginal(Representation):
    """A conditional representation averaged over all labels, whatever condition it is given."""

    def __init__(self, model: Representation, classes: int) -> None:
        super().__init__()
        self.model, self.classes = model, classes
        self.latent_size = model.latent_size

    def feature(self, x: Tensor, c: Tensor, *, sample: bool, generator: Noise = None) -> Tensor:
        """Average the latents over the labels: x (B, D) -> (B, Z); only the shape of c matters."""
        labels = torch.eye(self.classes, device=c.device)
        features = [
            self.model.feature(x, label.expand_as(c), sample=sample, generator=generator)
            for label in labels
        ]
        return torch.stack(features).mean(dim=0)


def prepare(network: torch.nn.Module, device: torch.device) -> None:
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
    model: Representation,
    segments: Segments,
    condition: Tensor,
    device: torch.device,
    seed: int | None = None,
) -> Tensor:
    """Encode all segments: condition (U, K) -> latents (N, Z), on the CPU.

    With `seed`, z is drawn from the posterior; otherwise it is mu.
    """
    prepare(model, device)
    sample, generator = seed is not None, torch.Generator(device).manual_seed(seed or 0)
    c = condition[segments.utterance]
    latents = [
        model.feature(
            segments[index].to(device), c[index].to(device), sample=sample, generator=generator
        ).cpu()
        for index in torch.split(torch.arange(len(segments)), CHUNK)
    ]
    return torch.cat(latents)


Probabilities = npt.NDArray[np.float64]


def classify_batch(
    head: Head, encoder: Representation | None, batch: SequenceBatch | SplitBatch, *, sample: bool
) -> Tensor:
    """Compute the logits (B, K) of a batch of latents, or of segments with their encoder.

    For a split batch, intermediate results are not kept but recomputed for the gradient, part by
    part, so that an optimizer step uses the whole batch.
    """
    if isinstance(batch, SplitBatch):
        logits = [
            checkpoint(classify_batch, head, encoder, part, sample=sample, use_reentrant=False)
            for part in batch.parts
        ]
        return torch.cat(logits)[batch.order]
    z = batch.x if encoder is None else encode_batch(encoder, batch, sample=sample)
    return head(z, batch.length)


def encode_batch(encoder: Representation, batch: SequenceBatch, *, sample: bool) -> Tensor:
    """Encode a batch of segments (B, S, D) -> (B, S, Z); only valid segments pass the encoder."""
    steps = torch.arange(batch.x.shape[1], device=batch.x.device)
    valid = steps < batch.length[:, None]
    c = torch.repeat_interleave(batch.c, batch.length, dim=0)
    rows = encoder.feature(batch.x[valid], c, sample=sample)
    z: Tensor = rows.new_zeros(*valid.shape, rows.shape[-1])
    z[valid] = rows
    return z


@dataclass(frozen=True)
class LatentClassifier:
    """An encoder and the classifier that was trained on its latents.

    Attributes:
        encoder: segments -> latents.
        head: sequences of latents -> emotion: a network, or an estimator such as an SVM.
        fine_tuned: whether the encoder was trained together with the head. It then runs within
            each batch, as it did in training.
        sample: whether latents are samples of the posterior rather than mu.
        seed: of the run.
        batch_size: utterances.
        device: where to compute.
        max_padded: see `SequenceSet`.
    """

    encoder: Representation
    head: Head | UtteranceEstimator
    fine_tuned: bool
    sample: bool
    seed: int
    batch_size: int
    device: torch.device
    max_padded: int = MAX_PADDED

    @torch.no_grad()
    def probabilities(
        self, segments: Segments, condition: Tensor, speakers: Sequence[str]
    ) -> Probabilities:
        """Classify U utterances, in order: condition (U, K) -> (U, K)."""
        if self.fine_tuned:
            prepare(self.encoder, self.device)
            return self._apply_head(segments, segments.count, condition)
        return self.classify(segments.split(self.encode(segments, condition, "test")), speakers)

    def encode(self, segments: Segments, condition: Tensor, part: str) -> Tensor:
        """Encode the segments of a set as its head gets them: condition (U, K) -> (N, Z)."""
        seed = seed_for(self.seed, "latents", part) if self.sample else None
        return encode(self.encoder, segments, condition, self.device, seed)

    def classify(self, latents: Sequence[Tensor], speakers: Sequence[str]) -> Probabilities:
        """Classify U utterances from their latents (S, Z): (U, K)."""
        if not isinstance(self.head, torch.nn.Module):
            return self.head.predict_proba(utterance_data(latents, speakers))
        count = torch.tensor([len(rows) for rows in latents])
        return self._apply_head(torch.cat(list(latents)), count, torch.zeros(len(count), 1))

    @torch.no_grad()
    def _apply_head(
        self, source: Segments | Tensor, count: Tensor, condition: Tensor
    ) -> Probabilities:
        """Classify utterances of `count` (U,) latents each, or segments if it is fine-tuned."""
        head = self.head
        assert isinstance(head, torch.nn.Module)
        prepare(head, self.device)
        torch.manual_seed(seed_for(seed_for(self.seed, "classify"), "predict"))  # it may sample
        unknown = torch.zeros(len(count), dtype=torch.int64)
        items = SequenceSet(
            source, count.cumsum(0) - count, count, condition, unknown, self.max_padded
        )
        encoder = self.encoder if isinstance(source, Segments) else None
        logits = []
        for index in torch.split(torch.arange(len(items)), self.batch_size):
            batch = on_device(items[BatchIndex(index, 1.0)], self.device)
            logits.append(classify_batch(head, encoder, batch, sample=self.sample).cpu())
        return torch.cat(logits).double().softmax(dim=-1).numpy()


def on_device(batch: Any, device: torch.device) -> Any:
    """Copy the tensors of a batch to a device, without Lightning: prediction does not need it."""
    if isinstance(batch, SplitBatch):
        return batch._replace(parts=[on_device(part, device) for part in batch.parts])
    x, length, c, label = (each.to(device) for each in batch[:4])
    return SequenceBatch(x, length, c, label, batch.loss_scale)


def utterance_data(
    frames: Sequence[Tensor], speakers: Sequence[str], whole: Samples | None = None
) -> UtteranceData:
    """Arrange the frames (T, F) of U utterances, or their latents (S, Z), for an estimator."""
    return UtteranceData([each.numpy() for each in frames], whole, tuple(speakers))
