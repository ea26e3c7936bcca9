"""A search by Optuna selects by the validation set, and resumes."""

from pathlib import Path

import pytest
import yaml
from run_files import folders, table

LOSS = "classify/validation/loss"


def loss_of(folder: Path) -> float:
    return float(table(folder / "classify.csv")[-1][LOSS])


def learning_rate_of(folder: Path) -> float:
    config = yaml.safe_load((folder / "config.yaml").read_text())
    return float(config["training"]["pretrain"]["optimizer"]["lr"])


@pytest.mark.parametrize("wrong", ["objective=null", "split.validation=0"])
def test_a_search_without_an_objective_stops_before_any_trial(wrong, multirun, tmp_path):
    code, text = multirun("+experiment=search", wrong)
    assert code == 1
    assert text.startswith(f"error: objective={'null' if 'null' in wrong else LOSS}: expected ")
    assert not (tmp_path / "runs").exists()


@pytest.mark.filterwarnings("ignore")  # Optuna warns of its own deprecated parts
def test_a_search_goes_on_from_its_finished_trials_and_names_the_best(multirun, tmp_path):
    settings = ("+experiment=search", "training.classify.epochs=2", "training.pretrain.epochs=1")
    runs = tmp_path / "runs"
    assert multirun(*settings, "hydra.sweeper.n_trials=2")[0] == 0
    first = {path: path.stat().st_mtime_ns for path in runs.glob("random/*/metrics.json")}
    code, text = multirun(*settings, "hydra.sweeper.n_trials=3")
    assert code == 0
    assert "3 of 3 done, 0 failed" in text
    assert len(first) == 2
    assert {path: path.stat().st_mtime_ns for path in first} == first
    trials = folders(runs)
    assert len(trials) == 3
    best = min(trials, key=loss_of)
    result = yaml.safe_load((runs / "optimization_results.yaml").read_text())
    assert result["best_value"] == pytest.approx(loss_of(best))
    rate = result["best_params"]["training.pretrain.optimizer.lr"]
    assert rate == pytest.approx(learning_rate_of(best))
