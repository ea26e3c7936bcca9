"""Draw the KL divergence of each latent dimension."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, blank, styled

HEIGHT_IN = 2.0


@styled
def kl_per_dimension(kl: Sequence[float], *, title: str) -> Figure:
    """Draw Z terms in nats per segment in descending order; dimensions near zero are unused."""
    ordered = np.sort(np.asarray(kl, dtype=float))[::-1]
    figure = blank(title, COLUMN_IN, HEIGHT_IN)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(ordered) + 1), ordered, width=1.0, color=BLUE, lw=0)
    axes.set_xlim(0.5, len(ordered) + 0.5)
    axes.set_xlabel(f"latent dimension, by rank, of {len(ordered)}")
    axes.set_ylabel("KL (nats per segment)")
    axes.text(
        1.0, 1.0, f"sum: {ordered.sum():.1f} nats", transform=axes.transAxes, ha="right", va="top"
    )
    return figure
