"""Draw the rate, which is the KL, of each latent dimension and against the distortion."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, blank, colours, markers, styled

HEIGHT_IN = 3.0
BARS_HEIGHT_IN = 2.0


@styled
def rate_distortion(
    kl: npt.NDArray[np.float64],
    error: npt.NDArray[np.float64],
    models: Sequence[str],
    *,
    names: Mapping[str, str],
    least_kl: float,
    largest_error: float,
    title: str,
) -> Figure:
    """Draw a point per run (N,): `kl` in nats per segment, relative `error`; lower left is better.

    Runs of the same model, of `models` (N,), share colour and marker; `names` are their labels. The
    shaded region counts as a collapsed posterior: below `least_kl` or above `largest_error`.
    """
    figure = blank(title, COLUMN_IN, HEIGHT_IN)
    axes = figure.subplots()
    right, top = 1.08 * max(kl.max(), least_kl), max(1.05, 1.05 * error.max())
    axes.fill_between([0, least_kl], 0, top, color="0.9", lw=0, label="collapsed")
    axes.fill_between([least_kl, right], largest_error, top, color="0.9", lw=0)
    unique = sorted(set(models))
    colour, marker = colours(unique), markers(unique)
    for model in unique:
        rows = np.array(models) == model
        axes.scatter(
            kl[rows],
            error[rows],
            s=16,
            color=colour[model],
            marker=marker[model],
            alpha=0.8,
            lw=0,
            label=f"{names[model]} ({rows.sum()})",
        )
    axes.set_xlim(0, right)
    axes.set_ylim(0, top)
    axes.set_xlabel("rate: KL (nats per segment)")
    axes.set_ylabel("distortion: relative squared error")
    figure.legend(loc="outside lower center", ncols=3, handletextpad=0.2, columnspacing=1.0)
    return figure


@styled
def kl_per_dimension(kl: Sequence[float], *, title: str) -> Figure:
    """Draw Z terms in nats per segment in descending order; dimensions near zero are unused."""
    ordered = np.sort(np.asarray(kl, dtype=float))[::-1]
    figure = blank(title, COLUMN_IN, BARS_HEIGHT_IN)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(ordered) + 1), ordered, width=1.0, color=BLUE, lw=0)
    axes.set_xlim(0.5, len(ordered) + 0.5)
    axes.set_xlabel(f"latent dimension, by rank, of {len(ordered)}")
    axes.set_ylabel("KL (nats per segment)")
    axes.text(
        1.0, 1.0, f"sum: {ordered.sum():.1f} nats", transform=axes.transAxes, ha="right", va="top"
    )
    return figure
