"""Where utterances lie in a plane through the latent space."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_vae.plots.style import PAGE_IN, blank, colours, markers, styled

HEIGHT_IN = 2.6
LEGEND_IN = 0.18  # a line of it
IN_A_LINE = 4  # names


@styled
def latent_map(
    points: npt.NDArray[np.floating],
    categories: Mapping[str, Sequence[str]],
    *,
    explained: Sequence[float],
    title: str,
) -> Figure:
    """The same `points` (U, 2) in a panel for each of `categories`, such as emotion and speaker.

    A category is U names. `explained` is the share of the variance of each axis, 0 to 1.
    """
    lines = max(-(-len(set(names)) // IN_A_LINE) for names in categories.values())
    width = PAGE_IN * len(categories) / max(2, len(categories))
    figure = blank(title, width, HEIGHT_IN + LEGEND_IN * lines)
    (row,) = figure.subplots(1, len(categories), squeeze=False)
    for axes, (what, names) in zip(row, categories.items(), strict=True):
        _scatter(axes, points, names)
        axes.set_title(f"by {what}")
        axes.set_xlabel(f"component 1 ({100 * explained[0]:.1f} % of variance)")
        axes.set_ylabel(f"component 2 ({100 * explained[1]:.1f} %)")
    return figure


def _scatter(axes: Axes, points: npt.NDArray[np.floating], names: Sequence[str]) -> None:
    every, of_each = sorted(set(names)), np.array(names)
    colour, marker = colours(every), markers(every)
    for name in every:
        own = points[of_each == name]
        axes.scatter(
            own[:, 0],
            own[:, 1],
            s=9,
            color=colour[name],
            marker=marker[name],
            alpha=0.75,
            lw=0,
            label=name,
        )
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.2),
        ncols=min(IN_A_LINE, len(every)),
        handletextpad=0.1,
        columnspacing=0.8,
    )
