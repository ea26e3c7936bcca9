"""Draw bars: scores with 95 % intervals beside a trivial baseline, and the KL of each dimension."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from ser_vae.plots.style import BLUE, COLUMN_IN, SKY_BLUE, blank, colours, styled

HEIGHT_IN = 2.6
KL_HEIGHT_IN = 2.0
LINE_IN = 0.19  # height per horizontal bar
MARGIN_IN = 1.1
GROUP = 0.8  # width of a group of bars; groups are 1 apart
HATCHES = ("", "////", "....")  # of the models, distinct without colour
WHISKERS: dict[str, Any] = {"ecolor": "black", "elinewidth": 0.8, "capsize": 2}
TRIVIAL: dict[str, Any] = {"color": "black", "ls": "--", "lw": 1}
UA = "unweighted accuracy (%)"


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


@styled
def kl_per_dimension(kl: Sequence[float], *, title: str) -> Figure:
    """Draw Z terms in nats per segment in descending order; dimensions near zero are unused."""
    ordered = np.sort(np.asarray(kl, dtype=float))[::-1]
    figure = blank(title, COLUMN_IN, KL_HEIGHT_IN)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(ordered) + 1), ordered, width=1.0, color=BLUE, lw=0)
    axes.set(xlabel=f"latent dimension, by rank, of {len(ordered)}", ylabel="KL (nats per segment)")
    axes.set_xlim(0.5, len(ordered) + 0.5)
    total = f"sum: {ordered.sum():.1f} nats"
    axes.text(1.0, 1.0, total, transform=axes.transAxes, ha="right", va="top")
    return figure


def _ends(scores: pd.DataFrame) -> npt.NDArray[np.floating]:
    """Return the distances (2, M) of M scores from the lower and upper ends of their intervals."""
    return scores[["low", "high"]].sub(scores["ua"], axis=0).abs().to_numpy().T
