"""Run folders become two frames; damaged folders are skipped and reported."""

import json
from pathlib import Path

import pandas as pd
import pytest
from report.conftest import guess

from ser_vae import SerVaeError
from ser_vae.report.runs import load_runs


def test_a_finished_run_is_a_row_with_all_that_metrics_json_holds(study):
    study.run("model=vae", accuracy=0.75)
    (run,) = load_runs(study.folder).runs.to_dict("records")
    assert run["folder"].startswith("random/vae-complete-urdu-seed0-")
    assert run["state"] == "finished"
    assert (run["model"], run["protocol"], run["data"], run["seed"]) == (
        *("vae", "random", "complete", 0),
    )
    assert pd.isna(run["fold"])
    assert run["ua"] == pytest.approx(0.75)  # without the protocol's prefix
    assert run["majority.ua"] == pytest.approx(0.5)
    assert run["audit.verdict"] == "SHARED"


def test_predictions_keep_every_digit_and_every_name(study):
    predicted = guess(0.5)
    predicted.loc[0, ["utterance", "p_neutral", "p_angry"]] = ["NA", 0.1 + 0.2, 1 - (0.1 + 0.2)]
    study.run("model=ae", guesses=predicted)
    frame = load_runs(study.folder).predictions
    assert (frame["p_neutral"].iloc[0], frame["utterance"].iloc[0]) == (0.1 + 0.2, "NA")
    assert len(frame) == 120


def test_settings_name_options_and_leave_paths_out(study):
    study.run("model=vae", "model.beta=4", "corpus.root=/somewhere", "threads=1")
    (run,) = load_runs(study.folder).runs.to_dict("records")
    settings = run["settings"]
    assert settings["model.beta"] == "4"
    assert (settings["classifier"], settings["features"]) == ("lstm", "logmel")
    assert not [key for key in settings if "_target_" in key or key.endswith("root")]
    assert not {"seed", "fold", "threads", "runs", "logger"} & settings.keys()
    assert "model.beta=4" in run["overrides"]


def without_a_score(path: Path) -> None:
    metrics = json.loads(path.read_text())
    del metrics["random/test/ua"]
    path.write_text(json.dumps(metrics))


def not_a_number(path: Path) -> None:
    path.write_text(path.read_text().replace("0.7", "nan", 1))


def lines_lost(path: Path) -> None:
    path.write_text("\n".join(path.read_text().splitlines()[:50]) + "\n")


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("metrics.json", without_a_score),
        ("predictions.csv", not_a_number),
        ("predictions.csv", lines_lost),
        ("predictions.csv", Path.unlink),
        ("config.yaml", Path.unlink),
        ("config.yaml", lambda path: path.write_text("choice: [")),
    ],
)
def test_a_damaged_folder_is_skipped_and_reported_in_one_line(study, file, damage):
    damage(study.run("model=vae") / file)
    study.run("model=ae")
    frames = load_runs(study.folder)
    assert list(frames.runs["model"]) == ["ae"]
    ((name, reason),) = frames.damaged.items()
    assert name.startswith("random/vae-")
    assert reason
    assert "\n" not in reason


def test_what_a_run_holds_and_hidden_folders_are_not_searched(study):
    folder = study.run("model=vae")
    for inside in (folder / "wandb" / "files", study.folder / ".trash"):
        inside.mkdir(parents=True)
        (inside / "config.yaml").write_text("wandb_version: 1")
    (study.folder / "predictions.csv").touch()
    frames = load_runs(study.folder)
    assert len(frames.runs) == 1
    assert [*frames.damaged] == ["."]


def test_a_folder_without_a_run_is_an_error_that_names_what_was_damaged(study):
    (study.run("model=vae") / "config.yaml").write_text("{}")
    with pytest.raises(SerVaeError, match=r"this folder has no run\.\n  random/vae-.*KeyError"):
        load_runs(study.folder)
