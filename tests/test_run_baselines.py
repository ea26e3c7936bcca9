"""Every baseline runs as a model does: same command, same files, no access to a test label."""

from pathlib import Path
from typing import Any

import pytest
from run_files import Run, folders, listed_with_split, table

from ser_vae.run import configure, run
from ser_vae.settings import conf_dir

BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=3", "model.latent=8")
UTTERANCE = ("majority", "speaker_lookup", "logmel_svm", "pooled_svm", "pooled_linear")
SEGMENT = ("logmel_lstm", "pca", "untrained")
OPENSMILE = ("egemaps_svm", "handcrafted_svm", "utterance_vae")  # tests of their own


def brief(model: str) -> list[str]:
    own = BRIEF if model in ("pca", "untrained", "vae") else BRIEF[:2]
    return [f"model={model}", *own]


def test_every_baseline_is_tested() -> None:
    options = {path.stem for path in (conf_dir() / "model").glob("*.yaml")}
    assert options - {"ae", "vae", "cvae"} == {*UTTERANCE, *SEGMENT, *OPENSMILE} & options


@pytest.mark.parametrize("model", [*UTTERANCE, *SEGMENT])
def test_test_labels_change_no_prediction_of_a_baseline(
    run_noises: Run, noises: Path, tmp_path: Path, model: str
) -> None:
    predicted, truth = [], []
    for swap in (False, True):
        root = listed_with_split(noises, tmp_path / f"swap{swap}", swap)
        runs = tmp_path / f"runs{swap}"
        run_noises(*brief(model), "split=given", f"corpus.root={root}", f"runs={runs}")
        (folder,) = folders(runs)
        rows = table(folder / "predictions.csv")
        predicted.append([{k: v for k, v in row.items() if k != "truth"} for row in rows])
        truth.append([row["truth"] for row in rows])
    assert truth[0] != truth[1]
    assert predicted[0] == predicted[1]


@pytest.mark.parametrize("model", UTTERANCE)
def test_a_model_of_utterances_pretrains_nothing(
    run_noises: Run, tmp_path: Path, model: str
) -> None:
    metrics = run_noises(*brief(model))
    (folder,) = folders(tmp_path / "runs")
    assert metrics["health"] is None
    assert metrics["policies"] == metrics["parameters"] == {}
    assert not list((tmp_path / "runs").rglob("*.ckpt"))
    assert {file.name for file in folder.iterdir()} >= {
        "predictions.csv",
        "split.csv",
        "audit.json",
    }


def test_majority_and_speaker_lookup_score_what_every_run_reports_of_them(
    run_noises: Run,
) -> None:
    majority, lookup = (run_noises(f"model={name}") for name in UTTERANCE[:2])
    assert majority["random/test/wa"] == majority["majority"]["random/test/wa"]
    assert lookup["random/test/ua"] == pytest.approx(lookup["audit"]["speaker_lookup"]["ua"])


@pytest.mark.parametrize("model", ["untrained", "pca", "logmel_lstm"])
def test_a_control_without_pretraining_leaves_no_curves_and_no_alarm(
    run_noises: Run, tmp_path: Path, model: str
) -> None:
    metrics = run_noises(*brief(model))
    (folder,) = folders(tmp_path / "runs")
    assert not (folder / "pretrain.csv").exists()
    assert (folder / "classify.csv").exists()
    assert metrics["health"] is None
    assert metrics["probes"]["logmel"]["emotion"]["score"] > 0.8


def test_the_untrained_encoder_is_that_of_a_vae_without_pretraining(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises(*brief("untrained"), f"runs={tmp_path / 'a'}")
    run_noises(*brief("vae"), "training.pretrained=none", f"runs={tmp_path / 'b'}")
    (first,), (second,) = folders(tmp_path / "a"), folders(tmp_path / "b")
    assert (first / "predictions.csv").read_bytes() == (second / "predictions.csv").read_bytes()


def test_functionals_take_the_place_of_the_lstm(run_noises: Run, tmp_path: Path) -> None:
    metrics = run_noises(*brief("vae"), "classifier=functionals")
    (folder,) = folders(tmp_path / "runs")
    assert metrics["random/test/ua"] > 0.9
    assert (folder / "pretrained.ckpt").exists()
    assert not (folder / "classifier.ckpt").exists()


def test_every_label_policy_is_reported_with_functionals(run_noises: Run) -> None:
    metrics = run_noises(*brief("cvae")[:1], *BRIEF, "classifier=functionals", "label_policies=all")
    assert len(metrics["policies"]) == 8


@pytest.mark.parametrize("model", ["vae", "cvae"])
def test_pretraining_uses_speech_of_other_labels_if_configured(
    noise_command: list[str], tmp_path: Path, model: str
) -> None:
    """On the embedded corpus, where a fifth of the utterances are of other labels."""
    results: dict[str, Any] = {}
    settings = [override for override in noise_command if not override.startswith("corpus")]
    for unlabelled in ("false", "true"):
        command = configure(
            *settings,
            *brief(model),
            "corpus=demo",
            "data=improvised",
            "split=speaker",
            "fold=0",
            f"training.unlabelled={unlabelled}",
            f"runs={tmp_path / unlabelled}",
        )
        results[unlabelled] = run(command)
    assert "unlabelled" not in results["false"]["counts"]
    counts = results["true"]["counts"]
    assert counts["unlabelled"]["speakers"] == counts["train"]["speakers"] == 9
    assert not set(counts["unlabelled"]["emotions"]) & set(counts["train"]["emotions"])
    (folder,) = folders(tmp_path / "true")
    labelled = counts["train"]["utterances"] + counts["test"]["utterances"]
    assert len(table(folder / "split.csv")) == labelled
    assert results["true"]["speaker/test/nll"] != results["false"]["speaker/test/nll"]
