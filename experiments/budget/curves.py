"""Draw the scores of each network against its number of optimizer steps, from a study's runs.

    python experiments/budget/curves.py RUNS [FOLDER]

Writes two figures for each test set into FOLDER (default: that of this file): `pretrain-….png`, at
the number of LSTM steps that most runs have, and `classify-….png`, at the number of pretraining
steps that was combined with most numbers of LSTM steps.
"""

import re
import sys
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ser_vae.plots.style import PAGE_IN, blank, colours, markers, png_bytes, styled
from ser_vae.report.contents import MODELS, heading
from ser_vae.report.runs import load_runs
from ser_vae.report.scores import Results, compute_results

STAGES = {"pretrain": "classify", "classify": "pretrain"}  # stage -> the other one
AXIS = {"pretrain": "steps of pretraining", "classify": "steps of the LSTM"}
PANELS = {  # column of `budget_table` -> the label of its axis
    "ua": "UA (%), 95 % over speakers",
    "relative_error": "relative squared error",
    "kl": "KL (nats per segment)",
    "emotion": "probe of emotion (UA, %)",
}
SCALED = ", standardised"  # end of the name of a network whose latents are
HEIGHT_IN = 4.6
DPI = 130
DODGE = 1.05  # factor between the networks' positions, so that intervals do not hide each other


def budget_table(results: Results) -> pd.DataFrame:
    """Return one row per network, budget and test set.

    Columns: test_set (its number), study, data, network, pretrain and classify (steps that were
    asked for), pretrain_steps and classify_steps (steps that were taken, mean over runs), and what
    PANELS draws, with low and high of UA.
    """
    rows = []
    for score in results.scores[results.scores["model"].isin(MODELS)].to_dict("records"):
        if score["policy"] or score["row"] is None:
            continue
        settings, runs = score["row"].settings, pd.DataFrame(score["row"].runs)
        beta, scaled = settings.get("model.beta"), settings["classifier.standardise"] == "true"
        name = heading(score["model"]) + f", beta {beta}" * (beta not in (None, "1.0"))
        row = {key: score[key] for key in ("test_set", "study", "data", "ua", "low", "high")}
        row["network"] = name + SCALED * scaled
        for stage in STAGES:
            row[stage] = int(settings[f"training.{stage}.steps"])
            row[f"{stage}_steps"] = runs[f"budgets.{stage}.steps"].mean()
        row["relative_error"] = runs["health.relative_error"].mean()
        row["kl"] = runs["health.kl"].mean() if "health.kl" in runs else float("nan")
        row["emotion"] = 100 * runs["probes.latents.emotion.score"].mean()
        rows.append(row)
    return pd.DataFrame(rows)


def of_stage(table: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Select the rows of a test set that differ in the steps of `stage` alone."""
    other = STAGES[stage]
    budgets = table.groupby(other)[stage].nunique()
    count = table.groupby(other).size()
    usual = max(budgets.index, key=lambda steps: (budgets[steps], count[steps]))
    return table[table[other] == usual]


@styled
def draw_curves(table: pd.DataFrame, stage: str, title: str) -> Figure:
    """Draw UA and, against pretraining, what the representation is like; a line per network."""
    panels = [*PANELS][: 1 if stage == "classify" else None]
    figure = blank(title, PAGE_IN, HEIGHT_IN if len(panels) > 1 else HEIGHT_IN * 0.6)
    grid = figure.subplots(2, 2).ravel() if len(panels) > 1 else [figure.subplots()]
    networks = sorted(table["network"].unique())
    plain = [network.removesuffix(SCALED) for network in networks]
    colour, marker = colours(plain), markers(plain)
    ticks = sorted(table[stage].unique())
    for axes, panel in zip(grid, panels, strict=True):
        for number, (network, of) in enumerate(zip(networks, plain, strict=True)):
            line = table[table["network"] == network].sort_values(stage).dropna(subset=panel)
            style = {"color": colour[of], "marker": marker[of], "ms": 4, "lw": 1}
            style |= {"ls": "--", "mfc": "white"} if network != of else {}
            x = line[f"{stage}_steps"] * DODGE ** (number - (len(networks) - 1) / 2)
            if panel == "ua":
                error = [line["ua"] - line["low"], line["high"] - line["ua"]]
                axes.errorbar(x, line["ua"], error, label=network, capsize=2, **style)
            else:
                axes.plot(x, line[panel], **style)
        axes.set(xscale="log", xlabel=AXIS[stage], ylabel=PANELS[panel])
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def main(runs: Path, folder: Path) -> None:
    """Draw every test set with at least two budgets of a stage."""
    table = budget_table(compute_results(load_runs(runs)))
    for _, rows in table.groupby("test_set"):
        for stage, other in STAGES.items():
            line = of_stage(rows, stage)
            if line[stage].nunique() > 1:
                about = f"{line['study'].iloc[0]}, {line['data'].iloc[0]}"
                title = f"{about}, {round(line[f'{other}_steps'].mean()):,} {AXIS[other]}"
                name = re.sub(r"[^A-Za-z0-9]+", "-", f"{stage}-{about}")
                picture = png_bytes(draw_curves(line, stage, title), DPI)
                (folder / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    here = Path(__file__).parent
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else here)
