"""What a run leaves to look at: where test utterances lie, and what the decoder makes of latents.

Of the test part, after everything was predicted; nothing here reaches a score.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ser_vae.data.material import Material
from ser_vae.data.segment import Segments, rejoined
from ser_vae.evaluation import illustrations, latents
from ser_vae.features.normalise import Scale
from ser_vae.pipeline.classify import device_of
from ser_vae.pipeline.policies import Recognisers
from ser_vae.run_folder import RunFolder
from ser_vae.training.decode import decodes, drawn, moved, reconstructed, strengths
from ser_vae.training.encode import untold
from ser_vae.training.seeding import seed_for

DIMENSIONS = 8  # traversed
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)  # in standard deviations over test segments
DRAWS = 6  # segments from the prior for each emotion
MEASURED = 4096  # test segments, at most, that strengths and deviations are measured on

Array = npt.NDArray[Any]


def illustrate(recognisers: Recognisers, folder: RunFolder) -> None:
    """Write `latents.npz` and, of a model that decodes, `illustrations.npz`."""
    latents.write(folder.latents, latents_of(recognisers))
    if decodes(recognisers.headline_model):
        pictures = Pictures(recognisers.headline_model, recognisers.material, recognisers.config)
        illustrations.write(folder.illustrations, pictures.illustrations())


def latents_of(recognisers: Recognisers) -> latents.Latents:
    test = recognisers.material.utterances_of("test")
    means = recognisers.untold_means[recognisers.material.mask("test").numpy()]
    return latents.Latents(
        utterance=tuple(u.id for u in test),
        speaker=tuple(u.speaker for u in test),
        emotion=tuple(u.emotion for u in test),
        sex=tuple(u.sex or "" for u in test),
        audio=tuple(str(u.path.absolute()) for u in test),
        mean=means.astype(np.float32),
    )


class Pictures:
    """A trained model that decodes, asked about utterances and about its latent space.

    Everything it returns is log-mel frames, (..., T, F), the standardisation undone.

    Attributes:
        model: on `device`, in evaluation mode.
        bands: F, without what else a frame may hold beside its mel bands.
    """

    def __init__(self, model: Any, material: Material, config: Mapping[str, Any]) -> None:
        self.material, self.config = material, config
        self.device = device_of(config)
        self.model = model.eval().float().to(self.device)
        self.bands = int(config["features"]["mel_bands"])
        self.labels = torch.eye(len(material.emotions), device=self.device)

    def illustrations(self) -> illustrations.Illustrations:
        material = self.material
        chosen = typical(material)
        told = [self.labels[material.label[index]] for index in chosen]
        conditional = self.model.conditional
        return illustrations.Illustrations(
            emotions=material.emotions,
            utterance=tuple(material.utterances[index].id for index in chosen),
            emotion=tuple(material.utterances[index].emotion for index in chosen),
            input=tuple(self.input(index) for index in chosen),
            reconstruction=tuple(
                self.decoded(index, c, c) for index, c in zip(chosen, told, strict=True)
            ),
            swapped=tuple(self.swapped(index) for index in chosen) if conditional else (),
            **self.traversal(),
            prior=self.prior(),
            frame_shift_s=float(self.config["features"]["frame_shift"]),
        )

    def segments(self, index: int) -> Tensor:
        """(S, D) of an utterance of the material, by its place in it."""
        segments = self._segments(index)
        return segments[torch.arange(len(segments))].to(self.device)

    def input(self, index: int) -> Array:
        """The frames that the model is given: (T, F)."""
        return self.frames(index, self.segments(index))

    def decoded(self, index: int, told: Tensor, label: Tensor) -> Array:
        """Encoded under one label (K,), decoded under another: (T, F)."""
        rows = reconstructed(self.model, self.segments(index), told, label)
        return self.frames(index, rows)

    def swapped(self, index: int) -> Array:
        """Encoded under its own label, decoded under each: (K, T, F)."""
        own = self.labels[self.material.label[index]]
        return np.stack([self.decoded(index, own, label) for label in self.labels])

    def frames(self, index: int, rows: Tensor) -> Array:
        """Segments (S, D) of an utterance -> its frames (T, F)."""
        segments = self._segments(index)
        joined = rejoined(rows, segments.start, segments.length)
        return self._log_mel(joined, self.material.scales[index])

    def strongest(self, count: int) -> tuple[list[int], Tensor]:
        """The dimensions that say most of test segments, and those segments' latents (B, Z)."""
        x = self._measured()
        c = self._untold(len(x))
        z = self.model.feature(x, c, sample=False).detach()
        return strengths(self.model, x, c).argsort(descending=True)[:count].tolist(), z

    def traversal(self) -> dict[str, Any]:
        """The `dimension`, `step` and `traversal` of `Illustrations`."""
        strongest, z = self.strongest(DIMENSIONS)
        c = self._untold(1)[0]
        steps = torch.tensor(STEPS, device=self.device)
        rows = [
            moved(self.model, z.mean(dim=0, keepdim=True), c, d, steps * z[:, d].std())
            for d in strongest
        ]
        return {
            "dimension": np.array(strongest, dtype=np.int64),
            "step": np.array(STEPS),
            "traversal": self.alone(torch.cat(rows, dim=1).transpose(0, 1)),
        }

    def prior(self) -> Array:
        """Segments from the prior under each label: (K, draws, length, F)."""
        told = self.labels if self.model.conditional else self._untold(1)
        if not hasattr(self.model, "posterior"):
            told = told[:0]
        seed = seed_for(self.config["seed"], "illustrations", "prior")
        rows = [  # the same z under each label: what differs is the label's doing
            drawn(self.model, DRAWS, label, torch.Generator().manual_seed(seed)) for label in told
        ]
        size = self.material.segments.size
        return self.alone(torch.stack(rows) if rows else torch.empty(0, DRAWS, size))

    def _segments(self, index: int) -> Segments:
        chosen = torch.zeros(len(self.material.utterances), dtype=torch.bool)
        chosen[index] = True
        return self.material.segments.of(chosen)

    def _measured(self) -> Tensor:
        """Test segments (B, D), evenly spread over the part."""
        test = self.material.segments_of("test")
        index = torch.linspace(0, len(test) - 1, min(len(test), MEASURED)).round().long()
        return test[index].to(self.device)

    def _untold(self, count: int) -> Tensor:
        return untold(count, len(self.material.emotions)).to(self.device)

    def alone(self, rows: Tensor) -> Array:
        """Segments of no utterance (..., D), on the mean scale of the test part's utterances."""
        segments = self.material.segments
        bands = segments.size // segments.length
        frames = rows.reshape(*rows.shape[:-1], segments.length, bands)
        return self._log_mel(frames, mean_scale(self._scales_of_test()))

    def _scales_of_test(self) -> list[Scale]:
        sided = zip(self.material.scales, self.material.parts, strict=True)
        return [scale for scale, part in sided if part == "test"]

    def _log_mel(self, frames: Tensor, scale: Scale) -> Array:
        found: Array = scale.undo(frames.detach().cpu())[..., : self.bands].numpy()
        return found


def mean_scale(scales: Sequence[Scale]) -> Scale:
    """The mean of their means and of their deviations; each of them where all are one."""
    means = torch.stack([scale.mean for scale in scales])
    deviations = torch.stack([scale.deviation for scale in scales])
    return Scale(means.mean(dim=0), deviations.mean(dim=0))


def typical(material: Material) -> list[int]:
    """Of each emotion, the test utterance of middling length: places in the material."""
    count = material.segments.count
    chosen = []
    for emotion in range(len(material.emotions)):
        own = torch.nonzero(material.mask("test") & (material.label == emotion)).flatten()
        if len(own):
            in_order = own[count[own].argsort(stable=True)]
            chosen.append(int(in_order[len(own) // 2]))
    return chosen
