"""The figures of a single run, for its logger and for a paper."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from ser_vae.evaluation import projection
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.plots import spectrogram
from ser_vae.plots.bars import kl_per_dimension
from ser_vae.plots.latent_map import latent_map

Draw = Callable[..., Figure]  # called with the title


def run_figures(
    latents: Latents | None, illustrations: Illustrations | None, kl: Sequence[float] | None
) -> Iterator[tuple[str, Draw]]:
    """Yield the kind of each figure that these results allow, and a function that draws it.

    Args:
        latents: of the test set.
        illustrations: None if the features cannot be decoded.
        kl: nats per latent dimension.
    """
    if latents and len(latents.mean) >= projection.LEAST:
        points, explained = projection.pca(latents.mean)
        known = {"emotion": latents.emotion, "speaker": latents.speaker}
        labels = {key: [label or "unknown" for label in known[key]] for key in known}
        yield "latents", partial(latent_map, points, labels, explained=explained.tolist())
    if kl:
        yield "kl", partial(kl_per_dimension, kl)
    if not (it := illustrations):
        return
    names = [f"{e}: {u}" for e, u in zip(it.emotion, it.utterance, strict=True)]
    conditions = it.emotions if len(it.prior) > 1 else ("",)
    steps = (it.dimension.tolist(), it.step.tolist())
    arrays: dict[str, tuple[Draw, Any]] = {
        "reconstructions": (spectrogram.reconstructions, (names, it.input, it.reconstruction)),
        "swapped": (spectrogram.label_swapped, (names, it.emotions, it.input, it.swapped)),
        "traversals": (spectrogram.traversals, (*steps, it.traversal)),
        "prior": (spectrogram.prior_samples, (conditions, it.prior)),
    }
    for kind, (plot, arguments) in arrays.items():
        if len(arguments[-1]):
            yield kind, partial(plot, *arguments, frame_shift_s=it.frame_shift_s)
