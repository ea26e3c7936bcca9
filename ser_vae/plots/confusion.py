"""Confusion matrices: what was said of each emotion."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ser_vae.plots.style import PAGE_IN, blank, styled

Counts = npt.NDArray[np.int64]

CELL_IN = 0.32  # a class, across and down
BESIDE_IN = 0.75  # names of the classes left of a panel
BELOW_IN = 0.85  # and below it, and its own name above
BAR_IN = 0.5
DARK = 0.55  # share from which a cell's text is white


@styled
def confusion(panels: Mapping[str, Counts], emotions: Sequence[str], *, title: str) -> Figure:
    """A panel each matrix (K, K) of counts, rows the truth: % of the row, and the count.

    A count may be a sum over seeds. Recall stands on the diagonal; the colour is the %.
    """
    width = CELL_IN * len(emotions) + BESIDE_IN
    across = min(len(panels), max(1, int((PAGE_IN - BAR_IN) / width)))
    down = -(-len(panels) // across)
    height = CELL_IN * len(emotions) + BELOW_IN
    figure = blank(title, across * width + BAR_IN, down * height + 0.2)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, counts) in zip(grid.flat, panels.items(), strict=False):
        image = _panel(axes, np.asarray(counts), emotions)
        axes.set_title(name)
    for axes in grid[:, 0]:
        axes.set_ylabel("truth")
    figure.colorbar(image, ax=grid, label="% of the truth", aspect=30, pad=0.015)
    return figure


def _panel(axes: Axes, counts: Counts, emotions: Sequence[str]) -> AxesImage:
    said = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(said, 1)  # a class that does not occur: a row of 0
    image = axes.imshow(100 * share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), count in np.ndenumerate(counts):
        axes.text(
            column,
            row,
            f"{100 * share[row, column]:.0f}\n({count})",
            color="white" if share[row, column] > DARK else "black",
            fontsize=6,
            ha="center",
            va="center",
        )
    places = range(len(emotions))
    axes.set_xticks(places, emotions, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, emotions)
    axes.set_xlabel("said")
    axes.tick_params(length=0)
    return image
