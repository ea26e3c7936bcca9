"""Draw bars: scores with 95 % intervals beside a trivial baseline, and the KL of each dimension."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, SKY_BLUE, blank, colours, styled

HEIGHT_IN = 2.6
KL_HEIGHT_IN = 2.0
LINE_IN = 0.19  # height per horizontal bar
MARGIN_IN = 1.1
GROUP = 0.8  # width of a group of bars; groups are 1 apart
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oo")  # distinct without colour
WHISKERS: dict[str, Any] = {"fmt": "none", "ecolor": "black", "elinewidth": 0.8, "capsize": 2}

Values = npt.NDArray[np.floating[Any]]


@styled
def grouped(
    groups: Sequence[str],
    names: Mapping[str, str],
    values: Values,
    intervals: Values,
    trivial: Values,
    *,
    quantity: str,
    title: str,
) -> Figure:
    """Draw a group of bars per row of a table, such as the paper's Table I: one bar per model.

    Args:
        groups: R names, such as subsets of a corpus.
        names: key in `style.colours` -> label, for M models.
        values: (R, M) in %; NaN leaves a gap.
        intervals: (R, M, 2) lower and upper ends; NaN if unknown.
        trivial: (R,) scores of a trivial baseline, drawn as dashed lines.
        quantity: label of the axis.
        title: title of the figure.
    """
    figure = blank(title, COLUMN_IN + 0.5 * max(0, len(groups) - 3), HEIGHT_IN)
    axes = figure.subplots()
    width, colour = GROUP / len(names), colours(names)
    positions = np.arange(len(groups))
    for column, (name, label) in enumerate(names.items()):
        centres = positions - GROUP / 2 + width * (column + 0.5)
        axes.bar(
            centres,
            values[:, column],
            width * 0.94,
            color=colour[name],
            hatch=HATCHES[column % len(HATCHES)],
            edgecolor="white",
            lw=0,
            label=label,
        )
        ends = _ends(values[:, column], intervals[:, column])
        axes.errorbar(centres, values[:, column], yerr=ends, **WHISKERS)
    axes.hlines(
        trivial,
        positions - 0.48,
        positions + 0.48,
        color="black",
        ls="--",
        lw=1,
        label="trivial baseline",
    )
    axes.set_xticks(positions, groups)
    axes.set_ylabel(quantity)
    axes.set_ylim(0, 100)
    figure.legend(loc="outside lower center", ncols=len(names) + 1)
    return figure


@styled
def listed(
    names: Sequence[str],
    values: Values,
    intervals: Values,
    trivial: float,
    *,
    baseline: Sequence[bool],
    quantity: str,
    title: str,
) -> Figure:
    """Draw a horizontal bar per model: `values` (M,) in %, `intervals` (M, 2), NaN if unknown.

    Bars of a `baseline` are lighter. The dashed line is the best `trivial` baseline.
    """
    figure = blank(title, COLUMN_IN, MARGIN_IN + LINE_IN * len(names))
    axes = figure.subplots()
    positions = np.arange(len(names))
    for lighter, colour, label in ((False, BLUE, "model"), (True, SKY_BLUE, "baseline")):
        rows = np.array(baseline) == lighter
        if rows.any():
            axes.barh(positions[rows], values[rows], 0.75, color=colour, lw=0, label=label)
    axes.errorbar(values, positions, xerr=_ends(values, intervals), **WHISKERS)
    axes.axvline(trivial, color="black", ls="--", lw=1, label="best trivial baseline")
    axes.set_yticks(positions, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel(quantity)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


@styled
def kl_per_dimension(kl: Sequence[float], *, title: str) -> Figure:
    """Draw Z terms in nats per segment in descending order; dimensions near zero are unused."""
    ordered = np.sort(np.asarray(kl, dtype=float))[::-1]
    figure = blank(title, COLUMN_IN, KL_HEIGHT_IN)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(ordered) + 1), ordered, width=1.0, color=BLUE, lw=0)
    axes.set_xlim(0.5, len(ordered) + 0.5)
    axes.set_xlabel(f"latent dimension, by rank, of {len(ordered)}")
    axes.set_ylabel("KL (nats per segment)")
    axes.text(
        1.0, 1.0, f"sum: {ordered.sum():.1f} nats", transform=axes.transAxes, ha="right", va="top"
    )
    return figure


def _ends(values: Values, intervals: Values) -> Values:
    """Return the distances to both ends of each interval: (M,), (M, 2) -> (2, M)."""
    return np.stack([values - intervals[:, 0], intervals[:, 1] - values])
