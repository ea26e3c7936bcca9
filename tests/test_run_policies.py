"""Label policies of a CVAE: side by side from one run; oracle alone is given a test label."""

from pathlib import Path
from typing import Any

import pytest
from run_files import Run, comparable, folders, listed_with_split, table

from ser_vae import pipeline
from ser_vae.evaluation import predictions
from ser_vae.model import cvae
from ser_vae.training.label_policy import LEAKING, POLICIES

CVAE = ("model=cvae", "split=given", "label_policies=all")
BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=4")


@pytest.fixture
def given(noises: Path, tmp_path: Path) -> tuple[str, str]:
    """The noises with a split of their own, and with other labels in the test set."""
    roots = (listed_with_split(noises, tmp_path / name, name == "b") for name in ("a", "b"))
    first, second = (f"corpus.root={root}" for root in roots)
    return first, second


def guesses(folder: Path, policy: str) -> list[dict[str, str]]:
    rows = table(folder / "policies" / f"{policy}.csv")
    return [{key: value for key, value in row.items() if key != "truth"} for row in rows]


def test_test_labels_change_the_predictions_of_the_oracle_alone(
    run_noises: Run, given: tuple[str, str], tmp_path: Path
) -> None:
    for number, root in enumerate(given):
        run_noises(*CVAE, *BRIEF, root, f"runs={tmp_path / f'runs{number}'}")
    (first,), (second,) = (folders(tmp_path / f"runs{number}") for number in (0, 1))
    same = {policy for policy in POLICIES if guesses(first, policy) == guesses(second, policy)}
    assert same == set(POLICIES) - set(LEAKING)


def test_every_policy_stands_beside_the_headline_and_all_can_be_scored_again(
    run_noises: Run, given: tuple[str, str], tmp_path: Path
) -> None:
    metrics = run_noises(*CVAE, *BRIEF, given[0])
    (folder,) = folders(tmp_path / "runs")
    assert list(metrics["policies"]) == list(POLICIES)
    for name, scores in metrics["policies"].items():
        found = predictions.read(folder / "policies" / f"{name}.csv")
        assert scores["given/test/wa"] == (found.guess == found.truth).mean()
        assert scores["leaks"] == (name in LEAKING)
    headline = (folder / "predictions.csv").read_bytes()
    assert headline == (folder / "policies/null.csv").read_bytes()
    assert metrics["given/test/ua"] == metrics["policies"]["null"]["given/test/ua"]


@pytest.mark.parametrize("policy", ["marginal", "dropout", "elbo", "elbo+lstm", "predicted"])
def test_a_policy_as_headline_predicts_what_it_predicts_beside_another(
    run_noises: Run, given: tuple[str, str], tmp_path: Path, policy: str
) -> None:
    alone = tmp_path / "alone"
    run_noises(*CVAE, *BRIEF, given[0])
    metrics = run_noises(
        *CVAE, *BRIEF, given[0], f"label_policy={policy}", "label_policies=headline",
        f"runs={alone}",
    )  # fmt: skip
    (beside,), (folder,) = folders(tmp_path / "runs"), folders(alone)
    assert metrics["policies"] == {}
    assert (folder / "predictions.csv").read_bytes() == (
        beside / "policies" / f"{policy}.csv"
    ).read_bytes()
    assert (folder / "classifier.ckpt").exists() == (policy != "elbo")


def test_label_dropout_is_pretrained_only_if_it_is_reported(
    run_noises: Run, given: tuple[str, str], tmp_path: Path
) -> None:
    run_noises(*CVAE, *BRIEF, given[0], "label_policies=headline")
    assert len(list((tmp_path / "runs/pretrained").glob("cvae-*"))) == 1
    run_noises(*CVAE, *BRIEF, given[0])
    assert len(list((tmp_path / "runs/pretrained").glob("cvae-*"))) == 2


def test_one_encoder_reports_what_all_policies_report_of_it(
    run_noises: Run, given: tuple[str, str]
) -> None:
    full = run_noises(*CVAE, *BRIEF, given[0])
    brief = run_noises(*CVAE, *BRIEF, given[0], "label_policies=one_encoder")
    assert full["policies"].pop("dropout")
    assert brief["policies"] == full["policies"]
    assert full["leak_panel"].pop("permuted_labels")
    assert brief["leak_panel"].pop("permuted_labels") is None
    assert brief["leak_panel"] == full["leak_panel"]


def test_the_leak_panel_has_chance_beside_each_measure(
    run_noises: Run, given: tuple[str, str], tmp_path: Path
) -> None:
    metrics = run_noises(*CVAE, *BRIEF, given[0])
    (folder,) = folders(tmp_path / "runs")
    panel = metrics["leak_panel"]
    for name in ("follows_random_label", "random_label_in_z"):
        assert panel[name]["low"] <= panel[name]["share"] <= panel[name]["high"]
        assert panel[name]["chance"] == pytest.approx(1 / 3)
    oracle, null = (
        predictions.read(folder / "policies" / f"{name}.csv") for name in ("oracle", "null")
    )
    recalls = [
        [(found.guess == k)[found.truth == k].mean() for k in range(3)] for found in (oracle, null)
    ]
    difference = (sum(recalls[0]) - sum(recalls[1])) / 3
    assert panel["oracle_minus_null"]["difference"] == pytest.approx(difference)


def test_a_label_copied_into_z_is_found_by_every_measure_of_the_panel(
    run_noises: Run, given: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder copies the label in place of speech: all four measures must show it."""
    plain = cvae.CVAE.feature

    def with_label(self: Any, x: Any, c: Any, **how: Any) -> Any:
        z = plain(self, x, c, **how) * 0.0
        z[:, : c.shape[1]] = 5.0 * c
        return z

    monkeypatch.setattr(cvae.CVAE, "feature", with_label)
    metrics = run_noises(*CVAE, given[0], "training.pretrain.epochs=1")
    panel = metrics["leak_panel"]
    assert panel["random_label_in_z"]["share"] == 1.0
    assert panel["follows_random_label"]["low"] > panel["follows_random_label"]["chance"]
    assert panel["permuted_labels"]["oracle_ua"] == 1.0
    assert panel["oracle_minus_null"]["low"] > 0


def test_without_pretraining_there_is_no_dropout_and_the_others_are_reported(
    run_noises: Run, given: tuple[str, str]
) -> None:
    metrics = run_noises(*CVAE, given[0], "training.pretrained=none", "training.classify.epochs=1")
    assert list(metrics["policies"]) == [name for name in POLICIES if name != "dropout"]


def test_a_fine_tuned_cvae_has_every_policy_too(
    run_noises: Run, given: tuple[str, str], tmp_path: Path
) -> None:
    metrics = run_noises(*CVAE, *BRIEF, given[0], "training.encoder_lr=1e-3")
    assert list(metrics["policies"]) == list(POLICIES)
    (folder,) = folders(tmp_path / "runs")
    assert comparable(folder)["policies"] == metrics["policies"]


def test_a_collapse_is_an_alarm_beside_the_score(
    run_noises: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A KL weighed 800 times is an error averaged over the 800 values: the posterior collapses."""
    run_noises("model=vae", "model.beta=800", "training.pretrain.epochs=6")
    assert "ALARM, COLLAPSED" in capsys.readouterr().out
    run_noises("model=vae", "training.pretrain.epochs=30")
    assert "ALARM" not in capsys.readouterr().out


def test_the_leak_panel_measures_the_encoder_of_the_headline(
    run_noises: Run, given: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pretrained with labels, the encoder copies them; with label dropout it does not."""
    plain, acquire = cvae.CVAE.feature, pipeline.acquire

    def acquired(settings: Any, model: Any, way: str, *others: Any) -> None:
        acquire(settings, model, way, *others)
        model.copies_label = way == "label"

    def with_label(self: Any, x: Any, c: Any, **how: Any) -> Any:
        z = plain(self, x, c, **how)
        if getattr(self, "copies_label", False):
            z[:, : c.shape[1]] = 5.0 * c
        return z

    monkeypatch.setattr(pipeline, "acquire", acquired)
    monkeypatch.setattr(cvae.CVAE, "feature", with_label)
    settings = (*CVAE, given[0], "training.pretrain.epochs=1", "training.label_dropout=1.0")
    null, dropout = (
        run_noises(*settings, f"label_policy={name}")["leak_panel"] for name in ("null", "dropout")
    )
    assert null["random_label_in_z"]["share"] == 1.0
    assert dropout["random_label_in_z"]["share"] < 1.0
    assert null["permuted_labels"]["oracle_ua"] == 1.0
    assert dropout["permuted_labels"]["oracle_ua"] < 1.0
