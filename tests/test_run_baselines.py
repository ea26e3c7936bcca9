"""Baselines, controls and other classifiers run as a model does."""

from run_files import table

BRIEF = ("training.pretrain.epochs=2", "training.classify.epochs=3", "model.latent=8")


def test_functionals_take_the_place_of_the_lstm(finished_run):
    metrics, folder = finished_run("model=vae", *BRIEF, "classifier=functionals")
    assert metrics["random/test/ua"] > 0.9
    assert (folder / "pretrained.ckpt").exists()
    assert not (folder / "classifier.ckpt").exists()


def test_every_label_policy_is_reported_with_functionals(run_noises):
    metrics = run_noises("model=cvae", *BRIEF, "classifier=functionals", "label_policies=all")
    assert len(metrics["policies"]) == 8


def test_pretraining_uses_speech_of_other_labels_if_configured(finished_run):
    settings = (*BRIEF, "model=cvae", "label_policies=headline", "split=speaker", "fold=0")
    two_classes = (*settings, "corpus.classes=[calm,cross]")
    without, _ = finished_run(*two_classes)
    metrics, folder = finished_run(*two_classes, "training.unlabelled=true")
    counts = metrics["counts"]
    assert "unlabelled" not in without["counts"]
    assert counts["unlabelled"]["speakers"] == counts["train"]["speakers"] == 3
    assert list(counts["unlabelled"]["emotions"]) == ["gay"]
    assert len(table(folder / "split.csv")) == 40
    assert metrics["speaker/test/nll"] != without["speaker/test/nll"]
