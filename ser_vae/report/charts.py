"""Draw the page's interactive charts with plotly; each is returned as HTML.

The `meta` of a trace is the choice of the selector that shows it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go

from ser_vae.evaluation.arrays import Latents
from ser_vae.evaluation.predictions import PROBABILITY
from ser_vae.plots import latents as projection
from ser_vae.plots.style import BLACK, colours
from ser_vae.report.comparable import Row
from ser_vae.report.contents import CONTENTS, LIMITS, MODELS
from ser_vae.report.scores import PERCENT, Results

GREY, BLUE = "#7f7f7f", "#0072b2"  # grey replaces black, which is invisible in dark mode


def to_html(
    traces: Sequence[Any], div_id: str, height: int, x: str, y: str = "", **y_axis: Any
) -> str:
    """Return a chart as a <div>; the page's one copy of plotly draws it."""
    figure = go.Figure(traces, CONTENTS["chart"] | {"height": height})
    figure.update_xaxes(title=x, automargin=True, rangemode="tozero")
    figure.update_yaxes(title=y, automargin=True, **y_axis)
    config = {"displayModeBar": False, "responsive": True}
    return str(figure.to_html(config, full_html=False, include_plotlyjs=False, div_id=div_id))


def with_selector(traces: Sequence[Any], div_id: str, *axes: str) -> tuple[str, list[str]]:
    """Return a chart that shows the first choice, and the choices of its selector."""
    choices = list(dict.fromkeys(trace.meta for trace in traces))
    for trace in traces:
        trace.visible = trace.meta == choices[0]
    return (to_html(traces, div_id, 340, *axes) if choices else ""), choices


def colour_map(names: Iterable[str]) -> dict[str, str]:
    """Return a colour per name, the same as in all other figures."""
    keys = {name: name.lower() for name in names}
    by_key = colours(keys.values())
    return {name: GREY if by_key[key] == BLACK else by_key[key] for name, key in keys.items()}


def ua_chart(results: Results, study: str, div_id: str) -> str:
    """Draw every row's UA and interval, the paper's value and the best trivial baseline.

    Models have the same order in every test set: that of the paper's Table I, or if there are
    others, the order of their mean UA over the test sets.
    """
    frame = results.ranking(study).head(LIMITS["rows"])
    mean = frame.groupby("name")["ua"].transform("mean")
    column = frame["model"].map({model: n for n, model in enumerate(MODELS)})
    frame = frame.assign(order=column if column.notna().all() else -mean)
    frame = frame.sort_values(["test_set", "order", "name"])
    y, is_first = -np.arange(len(frame)), ~frame["data"].duplicated()
    headings = ("<b>" + frame["data"] + "</b>    ").where(is_first, "")
    ticks: dict[str, Any] = {"tickvals": y, "ticktext": headings + frame["name"], "showgrid": False}
    if frame.empty:
        return ""
    common = {"y": y, "text": frame["name"], "hovertemplate": "%{text}: %{x:.1f}"}
    grey = {"color": GREY, "line": {"width": 2, "color": GREY}}
    colour = frame["name"].map(colour_map(frame["name"].unique()))
    score = "mean over seeds" if (frame["n"] > 1).any() else "UA, one seed"
    markers = {
        ("best_trivial_ua", "best trivial baseline"): grey | {"symbol": "line-ns", "size": 16},
        ("ua", score): {"size": 10, "color": colour.tolist()},
        ("paper_accuracy", "the paper, on IEMOCAP"): grey | {"symbol": "diamond-open", "size": 11},
    }
    traces = [
        go.Scatter(x=frame[column], name=name, marker=marker, mode="markers", **common)
        for (column, name), marker in markers.items()
        if frame[column].notna().any()
    ]
    ends = {"array": frame["high"] - frame["ua"], "arrayminus": frame["ua"] - frame["low"]}
    traces[1].error_x = ends | {"color": GREY}
    height = 100 + 30 * len(frame)
    return to_html(traces, div_id, height, "UA on the test set, %", zeroline=False, **ticks)


def training_curves(rows: Sequence[Row], folder: Path, div_id: str) -> tuple[str, list[str]]:
    """Draw the curves of both training stages; a selector chooses the quantity."""
    frames = [
        read_or_empty(folder / run["folder"] / file).assign(model=row.name, run=run["folder"])
        for file in ("pretrain.csv", "classify.csv")
        for row in rows
        for run in row.runs[: LIMITS["runs"]]
        if file in run["files"]
    ]
    frame = pd.concat([pd.DataFrame(columns=["epoch", "step"]), *frames], ignore_index=True)
    colour, traces = colour_map(row.name for row in rows), list[Any]()
    style = {"color": "model", "line_group": "run", "color_discrete_map": colour}
    for quantity in frame.columns.difference(["epoch", "step", "model", "run"], sort=False):
        values = frame[frame[quantity].notna()].astype({quantity: "float32", "epoch": "int16"})
        traces += px.line(values, "epoch", quantity, **style).update_traces(meta=quantity).data
    return with_selector(traces, div_id, "epoch")


def read_or_empty(path: Path) -> pd.DataFrame:
    """Read the curves of a stage; a table without rows if the file is damaged."""
    try:
        return pd.read_csv(path)
    except (OSError, ValueError):
        return pd.DataFrame()


def latent_map(latents: Latents | None, div_id: str, *, umap: bool) -> tuple[str, list[str]]:
    """Draw the mean latents in two dimensions; a selector chooses what the colours stand for."""
    if latents is None or len(latents.mean) < projection.LEAST:
        return "", []
    sample = slice(None, None, -(-len(latents.mean) // LIMITS["points"]))
    points = {"": projection.pca(latents.mean)[0]}
    points |= {", UMAP": projection.umap(latents.mean, seed=0)} if umap else {}
    traces: list[Any] = []
    for method, xy in points.items():
        x, y = xy[sample].T.astype("float32")
        for attribute in ("emotion", "speaker", "sex"):
            labels = np.array(getattr(latents, attribute))[sample]
            style = {"color": labels, "color_discrete_map": colour_map(sorted({*labels}))}
            figure = px.scatter(x=x, y=y, hover_name=np.array(latents.utterance)[sample], **style)
            look = {"meta": attribute + method, "hovertemplate": "%{hovertext}"}
            traces += figure.update_traces(**look).data
    return with_selector(traces, div_id, "first component", "second component")


def calibration_chart(frame: pd.DataFrame, div_id: str) -> str:
    """Draw how often predictions are correct against their probability, all seeds together."""
    probability = PERCENT * frame.filter(regex=f"^{PROBABILITY}").max(axis=1)
    correct = PERCENT * (frame["truth"] == frame["guess"])
    bins = np.minimum(probability.to_numpy() * LIMITS["bins"] // PERCENT, LIMITS["bins"] - 1)
    means = pd.DataFrame({"probability": probability, "correct": correct}).groupby(bins).mean()
    means["predictions"] = np.unique(bins, return_counts=True)[1]
    style = {"size": "predictions", "color_discrete_sequence": [BLUE]}
    line = {"mode": "lines", "line": {"color": GREY, "dash": "dash"}, "name": "perfect calibration"}
    diagonal = go.Scatter(x=[0, 100], y=[0, 100], **line)
    traces = [diagonal, *px.scatter(means, "probability", "correct", **style).data]
    return to_html(traces, div_id, 300, "predicted probability, %", "correct, %")
