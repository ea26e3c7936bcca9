"""Baselines, controls and other classifiers run as a model does."""

from pathlib import Path
from typing import Any

from run_files import FinishedRun, Run, folders, table

from ser_vae.run import configure, run

BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=3", "model.latent=8")


def test_functionals_take_the_place_of_the_lstm(finished_run: FinishedRun) -> None:
    metrics, folder = finished_run("model=vae", *BRIEF, "classifier=functionals")
    assert metrics["random/test/ua"] > 0.9
    assert (folder / "pretrained.ckpt").exists()
    assert not (folder / "classifier.ckpt").exists()


def test_every_label_policy_is_reported_with_functionals(run_noises: Run) -> None:
    metrics = run_noises("model=cvae", *BRIEF, "classifier=functionals", "label_policies=all")
    assert len(metrics["policies"]) == 8


def test_pretraining_uses_speech_of_other_labels_if_configured(
    noise_command: list[str], tmp_path: Path
) -> None:
    """On the embedded corpus, where a fifth of the utterances are of other labels."""
    results: dict[str, Any] = {}
    settings = [override for override in noise_command if not override.startswith("corpus")]
    for unlabelled in ("false", "true"):
        command = configure(
            *settings,
            *BRIEF,
            "model=cvae",
            "label_policies=headline",
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
