"""Scores as bars with their 95 % intervals, and what a trivial baseline reaches as a line."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, SKY_BLUE, blank, colours, styled

HEIGHT_IN = 2.6
LINE_IN = 0.19  # height of a bar of a list
AROUND_IN = 1.1
GROUP = 0.8  # width of a group of bars, of 1
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oo")  # told apart without colour too
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
    """A group of bars a row, such as the paper's Table I: a bar a model, a line for the trivial.

    Args:
        groups: R names, such as subsets of a corpus.
        names: of M models, as colours know them -> as they are written.
        values: (R, M) in %; NaN where there is none, which is then a gap.
        intervals: (R, M, 2) their low and high ends; NaN where there is none.
        trivial: (R,) what hears nothing reaches.
        quantity: of the axis.
        title: of the figure.
    """
    figure = blank(title, COLUMN_IN + 0.5 * max(0, len(groups) - 3), HEIGHT_IN)
    axes = figure.subplots()
    width, colour = GROUP / len(names), colours(names)
    places = np.arange(len(groups))
    for column, (name, written) in enumerate(names.items()):
        centre = places - GROUP / 2 + width * (column + 0.5)
        axes.bar(
            centre,
            values[:, column],
            width * 0.94,
            color=colour[name],
            hatch=HATCHES[column % len(HATCHES)],
            edgecolor="white",
            lw=0,
            label=written,
        )
        _whiskers(axes, centre, values[:, column], intervals[:, column])
    axes.hlines(
        trivial, places - 0.48, places + 0.48, color="black", ls="--", lw=1, label="trivial"
    )
    axes.set_xticks(places, groups)
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
    """A bar a model, from top to bottom: `values` (M,) in %, `intervals` (M, 2), NaN if none.

    Those that are a `baseline` are lighter. The line is what the best `trivial` one reaches.
    """
    figure = blank(title, COLUMN_IN, AROUND_IN + LINE_IN * len(names))
    axes = figure.subplots()
    places = np.arange(len(names))
    for lighter, colour, label in ((False, BLUE, "model"), (True, SKY_BLUE, "baseline")):
        own = np.array(baseline) == lighter
        if own.any():
            axes.barh(places[own], values[own], 0.75, color=colour, lw=0, label=label)
    axes.errorbar(values, places, xerr=_ends(values, intervals), **WHISKERS)
    axes.axvline(trivial, color="black", ls="--", lw=1, label="best trivial")
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xlabel(quantity)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def _whiskers(axes: Axes, places: Values, values: Values, intervals: Values) -> None:
    axes.errorbar(places, values, yerr=_ends(values, intervals), **WHISKERS)


def _ends(values: Values, intervals: Values) -> Values:
    """How far each interval reaches below and above: (M,), (M, 2) -> (2, M)."""
    ends: Values = np.stack([values - intervals[:, 0], intervals[:, 1] - values])
    return ends
