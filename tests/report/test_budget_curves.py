"""The figures of experiments/budget: a point for each network and budget."""

import runpy
from pathlib import Path
from typing import Any

CURVES = runpy.run_path(
    str(Path(__file__).parents[2] / "experiments" / "budget" / "curves.py"), run_name="curves"
)


def add_run(study: Any, model: str, pretrain: int, classify: int, accuracy: float) -> None:
    """A run that took a tenth more steps than it was asked for."""
    study.run(
        *(f"model={model}", f"training.pretrain.steps={pretrain}"),
        f"training.classify.steps={classify}",
        accuracy=accuracy,
        health={"relative_error": 0.1, "kl": 20.0} if model == "vae" else {"relative_error": 0.1},
        probes={"latents": {"emotion": {"score": 0.5}}},
        budgets={"pretrain": {"steps": 1.1 * pretrain}, "classify": {"steps": 1.1 * classify}},
    )


def test_there_is_a_curve_for_each_network_and_stage(study: Any, tmp_path: Path) -> None:
    for model in ("ae", "vae"):
        for pretrain, classify in ((300, 500), (1000, 500), (3000, 500), (1000, 900)):
            add_run(study, model, pretrain, classify, 0.6 + pretrain / 10_000)
    table = CURVES["budget_table"](study.results)
    line = CURVES["of_stage"](table[table["network"] == "VAE"], "pretrain").sort_values("pretrain")
    assert [*line["pretrain_steps"].round()] == [330, 1100, 3300]
    assert {*line["classify"]} == {500}
    assert line["ua"].is_monotonic_increasing
    assert (line["low"] < line["ua"]).all()
    assert (line["ua"] < line["high"]).all()
    assert {*CURVES["of_stage"](table, "classify")["classify"]} == {500, 900}
    CURVES["main"](study.folder, tmp_path)
    assert sorted(p.name.partition("-")[0] for p in tmp_path.glob("*.png")) == [
        "classify",
        "pretrain",
    ]
