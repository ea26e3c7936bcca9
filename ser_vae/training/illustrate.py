"""What the decoder makes of utterances and of the latent space, as log-mel frames to look at.

`Illustrator` is for extractors that can be inverted only. Segments are standardised, as in
training; tensors are on the model's device. Everything here comes after prediction; no score
depends on it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ser_vae.data.segment import Segments, join_segments
from ser_vae.features.extractor import Invertible
from ser_vae.features.normalise import Scale
from ser_vae.model.representation import Decoder, HasPosterior, Representation
from ser_vae.training.predict import prepare, uniform_condition


def has_trained_decoder(model: Representation) -> bool:
    """Return whether `model` turns latents into segments, and was trained to do so."""
    return isinstance(model, Decoder) and bool(model.quantities)


DIMENSIONS = 8  # traversed
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # in standard deviations over the segments
MEASURED = 4096  # segments, at most, on which informativeness and standard deviations are measured

Frames = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Illustrator:
    """A trained decoder and some utterances. `Frames` are log-mel frames (..., T, F).

    Attributes:
        model: a representation that is also a `Decoder`.
        extractor: of the frames.
        segments: of U utterances, standardised.
        scales: of each utterance.
        label: (U,) class indices; the condition that a conditional model encodes and decodes with.
        classes: K.
        device: where to compute.
    """

    model: Any
    extractor: Invertible
    segments: Segments
    scales: list[Scale]
    label: Tensor
    classes: int
    device: torch.device

    def __post_init__(self) -> None:
        prepare(self.model, self.device)

    @property
    def labels(self) -> Tensor:
        """(K, K) one-hot labels."""
        return torch.eye(self.classes, device=self.device)

    def condition(self, index: int) -> Tensor:
        """(K,) one-hot, or uniform for an utterance without a label."""
        label = int(self.label[index])
        return self.labels[label] if label >= 0 else self.uniform(1)[0]

    def segments_of(self, index: int) -> Segments:
        return self.segments.of(torch.arange(len(self.segments.count)) == index)

    def rows(self, index: int) -> Tensor:
        """(S, D) the segments of one utterance."""
        segments = self.segments_of(index)
        return segments[torch.arange(len(segments))].to(self.device)

    @torch.no_grad()
    def encode(self, index: int) -> Tensor:
        """Encode an utterance under its label: (S, Z)."""
        x = self.rows(index)
        return self.model.feature(x, self.condition(index).expand(len(x), -1), sample=False)

    @torch.no_grad()
    def decode(self, z: Tensor, label: Tensor) -> Tensor:
        """Decode latents (S, Z) under a label (K,), which only a conditional model uses: (S, D)."""
        return self.model.decode(z, label.expand(len(z), -1))

    def traverse(self, z: Tensor, label: Tensor, dimension: int, offsets: Tensor) -> Tensor:
        """Decode latents (S, Z) with one dimension moved by each of the offsets (m,): (m, S, D)."""
        shifted = z.repeat(len(offsets), 1, 1)
        shifted[:, :, dimension] += offsets[:, None]
        return torch.stack([self.decode(each, label) for each in shifted])

    def input(self, index: int) -> Frames:
        """Return the frames that the model gets: (T, F)."""
        return self.frames(index, self.rows(index))

    def reconstruction(self, index: int) -> Frames:
        """Encode and decode under the true label: (T, F)."""
        return self.frames(index, self.decode(self.encode(index), self.condition(index)))

    def swapped(self, index: int) -> Frames:
        """Encode under the true label, decode under each: (K, T, F)."""
        z = self.encode(index)
        return np.stack([self.frames(index, self.decode(z, label)) for label in self.labels])

    def frames(self, index: int, rows: Tensor) -> Frames:
        """Join the segments (S, D) of an utterance to frames in the original units: (T, F)."""
        segments = self.segments_of(index)
        joined = join_segments(rows, segments.start, segments.length)
        return self._unscaled(joined, self.scales[index])

    @torch.no_grad()
    def ranked_dimensions(self, count: int) -> tuple[list[int], Tensor]:
        """Return the most informative dimensions, and the latents (B, Z) they were ranked on.

        A dimension is as informative as its mean KL; without a posterior, as its variance.
        """
        chosen = min(len(self.segments), MEASURED)  # evenly spread
        index = torch.linspace(0, len(self.segments) - 1, chosen).round().long()
        x = self.segments[index].to(self.device)
        c = self.uniform(len(x))
        z = self.model.feature(x, c, sample=False)
        informative = z.var(dim=0)
        if isinstance(self.model, HasPosterior):
            informative = self.model.posterior(x, c).kl().mean(dim=0)
        return informative.argsort(descending=True)[:count].tolist(), z

    def traversal(self) -> dict[str, Any]:
        """Return the `dimension`, `step` and `traversal` of `Illustrations`."""
        dimensions, z = self.ranked_dimensions(DIMENSIONS)
        steps = torch.tensor(STEPS, device=self.device)
        start = z.mean(dim=0, keepdim=True), self.uniform(1)[0]
        rows = [self.traverse(*start, d, steps * z[:, d].std()) for d in dimensions]
        return {
            "dimension": np.array(dimensions, dtype=np.int64),
            "step": np.array(STEPS),
            "traversal": self.segment_frames(torch.cat(rows, dim=1).transpose(0, 1)),
        }

    def prior(self, draws: int, seed: int) -> Frames:
        """Decode segments from the prior, z ~ N(0, I), under each label: (K, draws, length, F).

        (1, …) if the model is not conditional, (0, …) if it has no prior. Segments are independent:
        the model knows no order in time. The same z are decoded under each label, so any difference
        is due to the label.
        """
        has_prior = isinstance(self.model, HasPosterior)
        if not has_prior:
            return self.segment_frames(torch.empty(0, draws, self.segments.size))
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(draws, self.model.latent_size, generator=generator).to(self.device)
        conditions = self.labels if self.model.conditional else self.uniform(1)
        rows = torch.stack([self.decode(z, condition) for condition in conditions])
        return self.segment_frames(rows)

    def uniform(self, count: int) -> Tensor:
        return uniform_condition(count, self.classes).to(self.device)

    def segment_frames(self, rows: Tensor) -> Frames:
        """Turn generated segments (..., D) into frames, on the mean scale of the utterances."""
        shape = *rows.shape[:-1], self.segments.length, self.segments.frames.shape[1]
        means = torch.stack([scale.mean for scale in self.scales])
        stds = torch.stack([scale.std for scale in self.scales])
        return self._unscaled(rows.reshape(shape), Scale(means.mean(dim=0), stds.mean(dim=0)))

    def _unscaled(self, frames: Tensor, scale: Scale) -> Frames:
        """Undo the standardisation, and keep the columns of the spectrogram."""
        bands = self.extractor.spectrogram_bands
        return scale.undo(frames.detach().cpu())[..., :bands].numpy()


def typical_utterances(label: Tensor, count: Tensor) -> list[int]:
    """Choose an utterance of median length per emotion: label (U,), segments `count` (U,)."""
    table = pd.DataFrame({"label": label.numpy(), "count": count.numpy()})
    by_emotion = table.sort_values("count", kind="stable").groupby("label")
    return [int(rows.index[len(rows) // 2]) for _, rows in by_emotion]
