"""Draw scores: bars with 95 % intervals beside a trivial baseline, and confusion matrices."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, PAGE_IN, SKY_BLUE, blank, colours, styled

HEIGHT_IN = 2.6
LINE_IN = 0.19  # height per horizontal bar
MARGIN_IN = 1.1
GROUP = 0.8  # width of a group of bars; groups are 1 apart
HATCHES = ("", "////", "....")  # of the models, distinct without colour
WHISKERS: dict[str, Any] = {"ecolor": "black", "elinewidth": 0.8, "capsize": 2}
TRIVIAL: dict[str, Any] = {"color": "black", "ls": "--", "lw": 1}
UA = "unweighted accuracy (%)"

CELL_IN = 0.32  # width and height of a class in a confusion matrix
BESIDE_IN = 0.75  # class names to the left of a panel
BELOW_IN = 0.85  # class names below a panel, and its title
BAR_IN = 0.5
DARK = 55  # percentage above which the text of a cell is white


@styled
def grouped(scores: pd.DataFrame, names: Mapping[str, str], *, title: str) -> Figure:
    """Draw a group of bars per test set, as in the paper's Table I: one bar per model.

    Dashed lines are the best trivial baselines.

    Args:
        scores: one row per bar: data (name of the test set), model, ua, low and high (the ends of
            its interval, NaN if unknown) and best_trivial_ua, all in %.
        names: model, a key in `style.colours` -> label, in the order of the bars.
        title: title of the figure.
    """
    groups = scores.drop_duplicates("data")
    figure = blank(title, COLUMN_IN + 0.5 * max(0, len(groups) - 3), HEIGHT_IN)
    axes, positions = figure.subplots(), np.arange(len(groups))
    width, colour = GROUP / len(names), colours(names)
    for column, (model, hatch) in enumerate(zip(names, HATCHES, strict=False)):
        bars = scores[scores["model"] == model]
        x = bars["data"].map(dict(zip(groups["data"], positions, strict=True)))
        x += width * (column + 0.5) - GROUP / 2
        look: dict[str, Any] = {"color": colour[model], "hatch": hatch, "label": names[model]}
        look |= {"edgecolor": "white", "lw": 0, "error_kw": WHISKERS}
        axes.bar(x, bars["ua"], width * 0.94, yerr=_ends(bars), **look)
    ends = positions - 0.48, positions + 0.48
    axes.hlines(groups["best_trivial_ua"], *ends, label="trivial baseline", **TRIVIAL)
    axes.set_xticks(positions, groups["data"])
    axes.set(ylabel=UA, ylim=(0, 100))
    figure.legend(loc="outside lower center", ncols=len(names) + 1)
    return figure


@styled
def listed(scores: pd.DataFrame, *, title: str) -> Figure:
    """Draw a horizontal bar per model: name, kind, and the values that `grouped` describes.

    Bars of baselines are lighter. The dashed line is the best trivial baseline.
    """
    figure = blank(title, COLUMN_IN, MARGIN_IN + LINE_IN * len(scores))
    axes, positions = figure.subplots(), np.arange(len(scores))
    lighter = scores["kind"].isin(["trivial", "baseline"]).to_numpy()
    for rows, colour, label in ((~lighter, BLUE, "model"), (lighter, SKY_BLUE, "baseline")):
        if rows.any():
            look: dict[str, Any] = {"color": colour, "label": label, "lw": 0, "error_kw": WHISKERS}
            bars = scores[rows]
            axes.barh(positions[rows], bars["ua"], 0.75, xerr=_ends(bars), **look)
    axes.axvline(scores["best_trivial_ua"].iloc[0], label="best trivial baseline", **TRIVIAL)
    axes.set_yticks(positions, scores["name"])
    axes.set(xlabel=UA, xlim=(0, 100), ylim=(len(scores) - 0.4, -0.6))
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _ends(scores: pd.DataFrame) -> npt.NDArray[np.floating]:
    """Return the distances (2, M) of M scores from the lower and upper ends of their intervals."""
    return scores[["low", "high"]].sub(scores["ua"], axis=0).abs().to_numpy().T


@styled
def confusion(
    panels: Mapping[str, npt.ArrayLike], emotions: Sequence[str], *, title: str
) -> Figure:
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
