"""Draw confusion matrices."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from ser_vae.plots.style import PAGE_IN, blank, styled

Counts = npt.NDArray[np.int64]

CELL_IN = 0.32  # width and height of a class
BESIDE_IN = 0.75  # class names to the left of a panel
BELOW_IN = 0.85  # class names below a panel, and its title
BAR_IN = 0.5
DARK = 55  # percentage above which the text of a cell is white


@styled
def confusion(panels: Mapping[str, Counts], emotions: Sequence[str], *, title: str) -> Figure:
    """Draw a panel per matrix (K, K) of counts, rows the truth: % of the row, and the count.

    Counts may be summed over seeds. The diagonal is the recall; the colour is the percentage.
    """
    width = CELL_IN * len(emotions) + BESIDE_IN
    across = min(len(panels), max(1, int((PAGE_IN - BAR_IN) / width)))
    down = -(-len(panels) // across)
    height = CELL_IN * len(emotions) + BELOW_IN
    figure = blank(title, across * width + BAR_IN, down * height + 0.2)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, matrix) in zip(grid.flat, panels.items(), strict=False):
        counts = np.asarray(matrix)
        # 0 for a class that does not occur
        percentage = 100 * (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))
        image = axes.imshow(percentage, cmap="Blues", vmin=0, vmax=100)
        for (row, column), percent in np.ndenumerate(percentage):
            colour = "white" if percent > DARK else "black"
            text = f"{percent:.0f}\n({counts[row, column]})"
            axes.text(column, row, text, color=colour, fontsize=6, ha="center", va="center")
        positions = range(len(emotions))
        axes.set_xticks(positions, emotions, rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(positions, emotions)
        axes.tick_params(length=0)
        axes.set(title=name, xlabel="guess")
    for axes in grid[:, 0]:
        axes.set_ylabel("truth")
    figure.colorbar(image, ax=grid, label="% of the truth", aspect=30, pad=0.015)
    return figure
