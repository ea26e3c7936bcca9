"""The figures of a single run, for its logger and for a paper."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.plots.latents import LEAST, kl_per_dimension, latent_map, pca
from ser_vae.plots.spectrogram import segments, utterances

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
    if latents and len(latents.mean) >= LEAST:
        points, explained = pca(latents.mean)
        known = {"emotion": latents.emotion, "speaker": latents.speaker}
        labels = {key: [label or "unknown" for label in known[key]] for key in known}
        yield "latents", partial(latent_map, points, labels, explained=explained.tolist())
    if kl:
        yield "kl", partial(kl_per_dimension, kl)
    if not (it := illustrations):
        return
    names = [f"{e}: {u}" for e, u in zip(it.emotion, it.utterance, strict=True)]
    with_label = ("input", *(f"as {emotion}" for emotion in it.emotions))
    dimensions = [f"z {dimension}" for dimension in it.dimension]
    steps = [f"{step:+g} sd".replace("-", "−") if step else "mean" for step in it.step.tolist()]
    draws = [str(number) for number in range(1, it.prior.shape[1] + 1)]
    conditions = it.emotions if len(it.prior) > 1 else ("",)
    pairs = list(zip(it.input, it.reconstruction, strict=True))
    swapped = [[given, *others] for given, others in zip(it.input, it.swapped, strict=False)]
    grids: dict[str, tuple[Draw, Sequence[str], Sequence[str], Any]] = {
        "reconstructions": (utterances, names, ("input", "reconstruction"), pairs),
        "swapped": (utterances, names, with_label, swapped),
        "traversals": (segments, dimensions, steps, it.traversal),
        "prior": (segments, conditions, draws, it.prior),
    }
    for kind, (draw, rows, headings, spectra) in grids.items():
        if len(spectra):
            yield kind, partial(draw, rows, headings, spectra, frame_shift_s=it.frame_shift_s)
