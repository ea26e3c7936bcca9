"""One W&B run for both stages of a run: named, grouped, complete, and never in its way."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb
import wandb_files as read_back
from wandb.sdk.mailbox.mailbox_handle import ServerResponseError
from wandb_files import OFFLINE

from ser_vae import SerVaeError
from ser_vae.run import configure

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def found(recorded: Path) -> list[Any]:
    return read_back.records(recorded)


@pytest.fixture(scope="module")
def folder(recorded: Path) -> Path:
    (one,) = read_back.folders(recorded)
    return one


def curves(folder: Path, stage: str) -> list[dict[str, float]]:
    rows = csv.DictReader((folder / f"{stage}.csv").read_text().splitlines())
    return [{name: float(value) for name, value in row.items()} for row in rows]


def test_a_run_is_found_by_project_group_kind_and_tags(found: list[Any]) -> None:
    header = read_back.header(found)
    assert header.display_name == "cvae-complete-folder-seed0"
    assert (header.project, header.run_group) == ("ser_vae", "folder-random")
    assert header.job_type == "cvae"
    assert set(header.tags) == {"cvae", "complete", "folder", "random", "seed0"}


def test_every_setting_is_a_key_of_its_own(found: list[Any]) -> None:
    """What a user groups by needs no clicking: model, subset, corpus, protocol, seed."""
    said = read_back.config(found)
    chosen = {k: said[f"choice/{k}"] for k in ("model", "data", "corpus", "split")}
    assert chosen == {"model": "cvae", "data": "complete", "corpus": "folder", "split": "random"}
    assert (said["seed"], said["label_policy"], said["training/pretrain/epochs"]) == (0, "null", 3)
    assert said["training/pretrain/optimizer/lr"] == 0.001
    assert not [key for key, value in said.items() if isinstance(value, dict) and key != "_wandb"]
    assert {key.split("/")[0] for key in said} >= set(configure())


def test_both_stages_are_drawn_over_their_own_epochs(found: list[Any], folder: Path) -> None:
    axes = {r.metric.glob_name: r.metric.step_metric for r in found if r.HasField("metric")}
    assert axes == {"pretrain/*": "epoch", "classify/*": "epoch"}
    for stage, count in (("pretrain", 3), ("classify", 4)):
        rows = curves(folder, stage)
        assert len(rows) == count
        for name in rows[0].keys() - {"epoch", "step"}:
            logged = [(r["epoch"], r[name]) for r in read_back.history(found) if name in r]
            assert logged == [(r["epoch"], pytest.approx(r[name])) for r in rows], name


def test_the_headline_has_one_name(found: list[Any], folder: Path) -> None:
    results = json.loads((folder / "metrics.json").read_text())
    said = read_back.summary(found)
    assert said["random/test/ua"] == results["random/test/ua"]
    scores = {name for name in said if name.endswith("/ua") and "test" in name}
    other = {name for name in results["policies"] if name != "null"}
    assert scores == {
        "random/test/ua",
        "majority/random/test/ua",
        *(f"policies/{name}/random/test/ua" for name in other),
    }


def test_the_summary_has_words_recalls_health_and_leaks(found: list[Any]) -> None:
    said = read_back.summary(found)
    assert said["audit/verdict"] == "SHARED"
    assert {"health/kl", "leak_panel/random_label_in_z/share", "random/test/recall/calm"} <= set(
        said
    )
    charted = read_back.logged_keys(found)
    assert {"random/test/ua", "health/kl", "policies/elbo+lstm/random/test/ua"} <= charted
    assert not [name for name in charted if name.startswith(("audit", "counts", "times_s"))]


def test_a_finished_run_is_closed(found: list[Any]) -> None:
    assert read_back.exit_codes(found) == [0]
    assert wandb.run is None


def test_a_reused_encoder_shows_its_curves_all_the_same(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=ae", "training.classify.epochs=1")
    run_noises("model=ae", "training.classify.epochs=2", *OFFLINE)
    found = read_back.records(tmp_path / "runs")
    assert read_back.epochs(found, "pretrain/train/loss") == [0, 1, 2]
    assert read_back.epochs(found, "classify/train/loss") == [0, 1]


def test_a_failed_run_is_marked_as_failed(run_noises: Run, tmp_path: Path) -> None:
    (tmp_path / "no.ckpt").write_text("no weights")
    with pytest.raises(SerVaeError, match=r"no\.ckpt"):
        run_noises(*OFFLINE, f"training.pretrained={tmp_path / 'no.ckpt'}")
    assert read_back.exit_codes(read_back.records(tmp_path / "runs")) == [1]
    assert wandb.run is None


def test_nobody_logged_in_means_an_offline_record_and_a_warning(
    run_noises: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    run_noises("model=majority", "logger=wandb", "logger.wandb.mode=online")
    assert "no online record" in caplog.text
    assert "random/test/ua" in read_back.summary(read_back.records(tmp_path / "runs"))


@pytest.mark.parametrize(
    "error",
    [
        wandb.errors.CommError("the service did not answer"),
        ServerResponseError("the service did not answer"),
    ],
)
def test_a_wandb_that_can_not_start_does_not_stop_the_run(
    run_noises: Run,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def refuse(**_: Any) -> None:
        raise error

    monkeypatch.setattr(wandb, "init", refuse)
    assert "random/test/ua" in run_noises("model=majority", *OFFLINE)
    assert "the service did not answer" in caplog.text


def test_a_wandb_that_goes_away_does_not_stop_the_run(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lose(*_: Any, **__: Any) -> None:
        raise ConnectionResetError("Connection lost")

    monkeypatch.setattr("wandb.sdk.wandb_run.Run.log", lose)
    assert "random/test/ua" in run_noises("model=ae", *OFFLINE)
    assert caplog.text.count("no curves of ae-complete-folder-seed0") == 1  # not once an epoch
    assert "ConnectionResetError: Connection lost" in caplog.text


def test_a_picture_that_can_not_be_drawn_costs_the_media_alone(
    run_noises: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("cannot draw nothing")

    monkeypatch.setattr("ser_vae.logger.media.confusion", refuse)
    run_noises("model=majority", *OFFLINE)
    assert "no media of majority-complete-folder-seed0: ValueError: cannot draw" in caplog.text
    found = read_back.records(tmp_path / "runs")
    assert "random/test/ua" in read_back.summary(found)
    assert read_back.artifacts(found)
    assert read_back.exit_codes(found) == [0]


def test_disabled_leaves_nothing(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=majority", "logger=wandb", "logger.wandb.mode=disabled")
    assert not list((tmp_path / "runs").rglob("wandb"))
