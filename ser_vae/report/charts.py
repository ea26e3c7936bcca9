"""Draw the page's interactive charts with plotly; each is returned as HTML.

A trace's `meta` is the choice of the chart's selector that shows it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go

from ser_vae.evaluation import projection
from ser_vae.evaluation.latents import Latents
from ser_vae.plots.style import BLACK, colours
from ser_vae.report.comparable import Row
from ser_vae.report.runs import P
from ser_vae.report.scores import PERCENT, Results

GREY, BLUE = "#7f7f7f", "#0072b2"  # grey in place of black, which can't be seen in the dark
LOOK = {
    **{"template": "none", "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"},
    "margin": {"l": 8, "r": 8, "t": 8, "b": 40},
    "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "title": ""},
}
MOST_LINES = 18  # rows of the first chart; of more, the paper's models
MOST_RUNS = 3  # of a row, whose curves are drawn
MOST_POINTS = 1500  # of a map
BINS = 10  # of the calibration chart


def to_html(traces: Sequence[Any], name: str, height: int, x: str, y: str = "") -> str:
    """Return a figure as a <div> called `name`, to be drawn by the page's one copy of plotly."""
    figure = go.Figure(traces, LOOK | {"height": height})
    figure.update_xaxes(title=x, automargin=True, rangemode="tozero").update_yaxes(
        title=y, automargin=True
    )
    config = {"displayModeBar": False, "responsive": True}
    return str(figure.to_html(config, full_html=False, include_plotlyjs=False, div_id=name))


def with_choices(traces: Sequence[Any], name: str, *axes: str) -> tuple[str, list[str]]:
    """Return the figure, the first choice being shown, and the choices of its selector."""
    choices = list(dict.fromkeys(trace.meta for trace in traces))
    for trace in traces:
        trace.visible = trace.meta == choices[0]
    return (to_html(traces, name, 340, *axes) if choices else ""), choices


def palette(names: Iterable[str]) -> dict[str, str]:
    """Return a colour per name, the same as in every other figure."""
    keys = {name: name.lower() for name in names}
    chosen = colours(keys.values())
    return {name: GREY if chosen[key] == BLACK else chosen[key] for name, key in keys.items()}


def answer(results: Results, study: str, name: str) -> str:
    """Draw UA with its interval of every row, the paper's value and the best trivial baseline."""
    frame = results.heard(study)
    if len(frame) > MOST_LINES and (frame["kind"] == "paper").any():
        frame = frame[frame["kind"] == "paper"]
    frame = frame.sort_values(["place", "ua"], ascending=[False, True])  # plotly draws upwards
    common = {"y": [frame["on"].tolist(), frame["name"].tolist()], "mode": "markers"}
    ends = {"array": frame["high"] - frame["ua"], "arrayminus": frame["ua"] - frame["low"]}
    ends["color"] = GREY
    marker = {"color": GREY, "line": {"width": 2, "color": GREY}}
    tick = marker | {"symbol": "line-ns", "size": 16}
    own = {"size": 10, "color": frame["name"].map(palette(frame["name"].unique())).tolist()}
    traces = [
        go.Scatter(x=frame["best_trivial_ua"], name="best trivial baseline", marker=tick, **common),
        go.Scatter(x=frame["ua"], name="mean over seeds", marker=own, error_x=ends, **common),
    ]
    diamond = marker | {"symbol": "diamond-open", "size": 11}
    cited = go.Scatter(x=frame["cited"], name="the paper, IEMOCAP", marker=diamond, **common)
    traces += [cited] if frame["cited"].notna().any() else []
    return to_html(traces, name, 100 + 30 * len(frame), "UA on the test set, %")


def curves(rows: Sequence[Row], folder: Path, name: str) -> tuple[str, list[str]]:
    """Draw every quantity of both stages' curves, by quantity."""
    frames = [
        pd.read_csv(folder / run["folder"] / file).assign(model=row.name, run=run["folder"])
        for file in ("pretrain.csv", "classify.csv")
        for row in rows
        for run in row.runs[:MOST_RUNS]
        if file in run["files"]
    ]
    frame = pd.concat([pd.DataFrame(columns=["epoch", "step"]), *frames], ignore_index=True)
    colour, traces = palette(row.name for row in rows), list[Any]()
    look = {"color": "model", "line_group": "run", "color_discrete_map": colour}
    for quantity in frame.columns.difference(["epoch", "step", "model", "run"], sort=False):
        known = frame[frame[quantity].notna()].astype({quantity: "float32", "epoch": "int16"})
        traces += px.line(known, "epoch", quantity, **look).update_traces(meta=quantity).data
    return with_choices(traces, name, "epoch")


def latent_map(own: Latents | None, name: str, *, umap: bool) -> tuple[str, list[str]]:
    """Draw the mean latents in two dimensions, by what colours them; nothing of too few."""
    if own is None or len(own.mean) < projection.LEAST:
        return "", []
    every = slice(None, None, -(-len(own.mean) // MOST_POINTS))
    points = {"": projection.pca(own.mean)[0]}
    points |= {", UMAP": projection.umap(own.mean, seed=0)} if umap else {}
    traces: list[Any] = []
    for method, xy in points.items():
        x, y = xy[every].T.astype("float32")
        for what in ("emotion", "speaker", "sex"):
            words = np.array(getattr(own, what))[every]
            look = {"color": words, "color_discrete_map": palette(sorted({*words}))}
            figure = px.scatter(x=x, y=y, hover_name=np.array(own.utterance)[every], **look)
            traces += figure.update_traces(meta=what + method, hovertemplate="%{hovertext}").data
    return with_choices(traces, name, "first component", "second component")


def calibration(frame: pd.DataFrame, name: str) -> str:
    """Draw how often guesses of a probability are right, all seeds together."""
    sure = PERCENT * frame.filter(regex=f"^{P}").max(axis=1)
    right = PERCENT * (frame["truth"] == frame["guess"])
    bins = np.minimum(sure.to_numpy() * BINS // PERCENT, BINS - 1)
    means = pd.DataFrame({"sure": sure, "right": right}).groupby(bins).mean()
    means["utterances"] = np.unique(bins, return_counts=True)[1]
    look = {"size": "utterances", "color_discrete_sequence": [BLUE]}
    dash = {"mode": "lines", "line": {"color": GREY, "dash": "dash"}, "name": "calibrated"}
    diagonal = go.Scatter(x=[0, 100], y=[0, 100], **dash)
    traces = [diagonal, *px.scatter(means, "sure", "right", **look).data]
    return to_html(traces, name, 300, "probability of the guess, %", "correct, %")
