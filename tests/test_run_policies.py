"""Label policies of a CVAE: side by side from one run; oracle alone is given a test label."""

import copy
from pathlib import Path
from typing import Any

import pytest
from run_files import given_split, table

from ser_vae import pipeline
from ser_vae.evaluation import predictions
from ser_vae.model import cvae
from ser_vae.training.label_policy import LEAKING, POLICIES

CVAE = ("model=cvae", "split=given", "label_policies=all")
BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=4")
Full = tuple[dict[str, Any], Path]


@pytest.fixture(scope="module")
def given(noises, tmp_path_factory) -> tuple[str, str]:
    """The noises with a split in their CSV, and with other labels in the test set."""
    place = tmp_path_factory.mktemp("given")
    roots = [given_split(noises, place / wrong, wrong) for wrong in ("none", "test")]
    return f"corpus.root={roots[0]}", f"corpus.root={roots[1]}"


@pytest.fixture(scope="module")
def full(finished_run, given) -> Full:
    """Metrics and folder of a run that reports all policies."""
    return finished_run(*CVAE, *BRIEF, given[0])


def guesses(folder: Path, policy: str) -> list[dict[str, str]]:
    rows = table(folder / "policies" / f"{policy}.csv")
    return [{key: value for key, value in row.items() if key != "truth"} for row in rows]


def test_test_labels_change_the_predictions_of_the_oracle_alone(full, finished_run, given):
    _, second = finished_run(*CVAE, *BRIEF, given[1])
    same = {policy for policy in POLICIES if guesses(full[1], policy) == guesses(second, policy)}
    assert same == set(POLICIES) - set(LEAKING)
    assert LEAKING == ("oracle",)


def test_every_policy_stands_beside_the_headline_and_all_can_be_scored_again(full):
    metrics, folder = full
    assert list(metrics["policies"]) == list(POLICIES)
    for name, scores in metrics["policies"].items():
        predicted = predictions.read(folder / "policies" / f"{name}.csv")
        assert scores["given/test/wa"] == (predicted["guess"] == predicted["truth"]).mean()
        assert scores["leaks"] == (name in LEAKING)
    headline = (folder / "predictions.csv").read_bytes()
    assert headline == (folder / "policies/null.csv").read_bytes()
    assert metrics["given/test/ua"] == metrics["policies"]["null"]["given/test/ua"]


@pytest.mark.parametrize("policy", ["marginal", "dropout", "elbo", "elbo+lstm"])
def test_a_policy_as_headline_predicts_as_beside_another(full, finished_run, given, policy):
    alone = (f"label_policy={policy}", "label_policies=headline")
    metrics, folder = finished_run(*CVAE, *BRIEF, given[0], *alone)
    assert metrics["policies"] == {}
    assert (folder / "predictions.csv").read_bytes() == (
        full[1] / "policies" / f"{policy}.csv"
    ).read_bytes()
    assert (folder / "classifier.ckpt").exists() == (policy != "elbo")
    if policy == "marginal":  # label dropout is pretrained only if it is reported
        assert count_encoders(folder) == 1
        assert count_encoders(full[1]) == 2


def count_encoders(folder: Path) -> int:
    return len(list((folder.parents[1] / "pretrained").glob("cvae-*")))


def test_one_encoder_reports_what_all_policies_report_of_it(full, run_noises, given):
    expected = copy.deepcopy(full[0])
    brief = run_noises(*CVAE, *BRIEF, given[0], "label_policies=one_encoder")
    assert expected["policies"].pop("dropout")
    assert brief["policies"] == expected["policies"]
    assert expected["leak_panel"].pop("permuted_labels")
    assert brief["leak_panel"].pop("permuted_labels") is None
    assert brief["leak_panel"] == expected["leak_panel"]


def test_the_leak_panel_has_chance_beside_each_measure(full):
    metrics, _ = full
    panel = metrics["leak_panel"]
    for name in ("follows_random_label", "random_label_in_z"):
        assert panel[name]["low"] <= panel[name]["share"] <= panel[name]["high"]
        assert panel[name]["chance"] == pytest.approx(1 / 3)
    ua = {name: metrics["policies"][name]["given/test/ua"] for name in ("oracle", "null")}
    difference = panel["oracle_minus_null"]["difference"]
    assert difference == pytest.approx(ua["oracle"] - ua["null"])


@pytest.mark.parametrize(
    ("setting", "missing"),
    [("training.pretrained=none", {"dropout"}), ("training.encoder_lr=1e-3", set())],
)
def test_policies_are_reported_without_pretraining_and_when_fine_tuned(
    run_noises, given, setting, missing
):
    metrics = run_noises(*CVAE, *BRIEF, given[0], setting)
    assert list(metrics["policies"]) == [name for name in POLICIES if name not in missing]


def test_a_collapse_is_an_alarm_beside_the_score(run_noises, capsys):
    """A KL weighed 800 times is an error averaged over the 800 values: the posterior collapses."""
    run_noises("model.beta=800", "training.pretrain.epochs=6", "training.classify.epochs=1")
    assert "ALARM, COLLAPSED" in capsys.readouterr().out


def test_a_label_copied_into_z_shows_in_all_of_the_leak_panel(run_noises, given, monkeypatch):
    """Pretrained with labels, the encoder copies them in place of speech; not with dropout."""
    plain, acquire = cvae.CVAE.feature, pipeline.obtain_representation

    def acquired(settings: Any, model: Any, way: str, *others: Any) -> None:
        acquire(settings, model, way, *others)
        model.copies_label = way == "label"

    def with_label(self: Any, x: Any, c: Any, **how: Any) -> Any:
        z = plain(self, x, c, **how)
        if getattr(self, "copies_label", False):
            z = z * 0.0
            z[:, : c.shape[1]] = 5.0 * c
        return z

    monkeypatch.setattr(pipeline, "obtain_representation", acquired)
    monkeypatch.setattr(cvae.CVAE, "feature", with_label)
    settings = (*CVAE, given[0], "training.pretrain.epochs=1", "training.label_dropout=1.0")
    null, dropout = (
        run_noises(*settings, f"label_policy={name}")["leak_panel"] for name in ("null", "dropout")
    )
    assert null["random_label_in_z"]["share"] == 1.0 > dropout["random_label_in_z"]["share"]
    assert null["permuted_labels"]["oracle_ua"] == 1.0 > dropout["permuted_labels"]["oracle_ua"]
    assert null["follows_random_label"]["low"] > null["follows_random_label"]["chance"]
    assert null["oracle_minus_null"]["low"] > 0
