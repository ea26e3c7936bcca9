"""Draw a two-dimensional map of the latent space."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from ser_vae.plots.style import PAGE_IN, blank, colours, markers, styled

HEIGHT_IN = 2.6
LEGEND_IN = 0.18  # height per line of the legend
MARKED = "this recording"
PER_LINE = 4  # names per line of the legend


@styled
def latent_map(
    points: npt.NDArray[np.floating],
    categories: Mapping[str, Sequence[str]],
    *,
    explained: Sequence[float],
    title: str,
    marked: npt.NDArray[np.floating] | None = None,
) -> Figure:
    """Draw `points` (U, 2) once per category, such as emotion and speaker, coloured by it.

    A category has U names. `explained` is the proportion of variance of each axis, 0 to 1.
    `marked` (2,) is the point of a new recording.
    """
    extra = marked is not None
    lines = max(-(-(len(set(names)) + extra) // PER_LINE) for names in categories.values())
    width = PAGE_IN * len(categories) / max(2, len(categories))
    figure = blank(title, width, HEIGHT_IN + LEGEND_IN * lines)
    (row,) = figure.subplots(1, len(categories), squeeze=False)
    for axes, (category, names) in zip(row, categories.items(), strict=True):
        unique = sorted(set(names))
        colour, marker = colours(unique), markers(unique)
        for name in unique:
            x, y = points[np.array(names) == name].T
            look: dict[str, Any] = {"color": colour[name], "marker": marker[name], "label": name}
            axes.scatter(x, y, s=9, alpha=0.75, lw=0, **look)
        if marked is not None:
            star = {"marker": "*", "color": "red", "edgecolor": "white", "label": MARKED}
            axes.scatter(*marked, s=150, **star)
        columns = min(PER_LINE, len(unique))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=columns)
        axes.set_title(f"by {category}")
        axes.set_xlabel(f"component 1 ({100 * explained[0]:.1f} % of variance)")
        axes.set_ylabel(f"component 2 ({100 * explained[1]:.1f} %)")
    return figure
