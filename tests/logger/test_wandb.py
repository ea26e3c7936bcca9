"""One complete W&B run for both stages of a run, and for all attempts of it."""

from unittest import mock

import pytest
import wandb
from run_files import table
from wandb_files import parts

from ser_vae.logger.wandb import WandbRun


def test_a_run_is_found_by_project_group_job_type_and_tags(recorded):
    run, folder = recorded
    assert run.settings["id"] == folder.path.name.rpartition("-")[2]
    assert (run.settings["name"], run.settings["project"]) == (folder.name, "ser_vae")
    assert (run.settings["group"], run.settings["job_type"]) == ("folder-random", "cvae")
    assert set(run.settings["tags"]) == {"cvae", "complete", "folder", "random", "seed0"}
    assert run.config["choice/corpus"] == "folder"
    assert run.config["training/pretrain/optimizer/lr"] == 0.001


def test_the_curves_of_both_stages_are_logged_over_their_epochs(recorded):
    run, folder = recorded
    assert run.axes == {"pretrain/*": "epoch", "classify/*": "epoch"}
    for stage, count in (("pretrain", 3), ("classify", 4)):
        rows = table(folder.path / f"{stage}.csv")
        assert len(rows) == count
        for name in rows[0].keys() - {"epoch", "step"}:
            expected = [(int(row["epoch"]), pytest.approx(float(row[name]))) for row in rows]
            assert run.curve(name) == expected


def test_the_summary_has_every_score_once_and_the_audit(recorded):
    run, folder = recorded
    results, summary = folder.read_metrics(), run.final_summary
    assert summary["random/test/ua"] == results["random/test/ua"]
    assert summary["audit/verdict"] == "SHARED"
    assert {"health/kl", "leak_panel/random_label_in_z/share", "random/test/recall/calm"} <= set(
        summary
    )
    policies = {f"policies/{name}/random/test/ua" for name in results["policies"] if name != "null"}
    scores = {name for name in summary if name.endswith("/random/test/ua")}
    assert scores == policies | {"majority/random/test/ua"}
    assert {"random/test/ua", "health/kl", "policies/elbo+lstm/random/test/ua"} <= set(run.logged)
    assert not [name for name in run.logged if name.startswith(("audit", "counts", "times_s"))]


def test_the_record_is_closed_and_stays_beside_the_run(recorded):
    run, folder = recorded
    assert run.exit_code == 0
    assert wandb.run is None
    (file,) = parts(folder.path)
    assert file.parent == (folder.path / "wandb" / "latest-run").resolve()
    assert sum(f.stat().st_size for f in (folder.path / "wandb").rglob("*") if f.is_file()) < 2e6


def test_an_attempt_does_not_repeat_the_epochs_that_the_server_has(logged_run):
    """Of a W&B run whose server has both epochs of the first stage and one of the second."""
    resumed = mock.Mock(step=3)
    logger = WandbRun(resumed, logged_run, {})
    for stage in ("pretrain", "classify"):
        for epoch in range(2):
            logger.log_metrics({"epoch": epoch, f"{stage}/train/loss": 1.0})
    row = {"epoch": 1, "classify/train/loss": 1.0}
    assert resumed.log.call_args_list == [mock.call(row, step=3)]
