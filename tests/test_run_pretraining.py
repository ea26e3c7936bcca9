"""Pretraining: once, never, or from a file; and what the classifier gets."""

import pytest
import torch
from run_files import comparable, folders, table

from ser_vae import SerVaeError


def test_classifiers_share_an_encoder_and_seeds_do_not(run_noises, finished_run, tmp_path):
    run_noises("classifier.hidden=8")
    run_noises("model=vae")  # reuses
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 1
    _, alone = finished_run("model=vae")
    (reused,) = (f for f in folders(tmp_path / "runs") if f.name == alone.name)
    assert comparable(alone) == comparable(reused)
    assert (alone / "pretrain.csv").read_text() == (reused / "pretrain.csv").read_text()
    run_noises("seed=1")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 2


def test_an_untrained_encoder_is_left_as_initialised(finished_run):
    _, folder = finished_run("training.pretrained=none")
    assert not (folder.parents[1] / "pretrained").exists()
    assert not (folder / "pretrain.csv").exists()


def test_a_run_starts_from_another_runs_checkpoint_and_keeps_its_record(finished_run):
    first, folder = finished_run("model=vae")
    again, other = finished_run(f"training.pretrained={folder / 'pretrained.ckpt'}")
    assert again["random/test/confusion"] == first["random/test/confusion"]
    assert (other / "pretrained.json").read_text() == (folder / "pretrained.json").read_text()


def test_weights_of_another_model_on_other_features_or_from_nowhere_are_refused(
    run_noises, finished_run
):
    start = f"training.pretrained={finished_run('model=ae')[1] / 'pretrained.ckpt'}"
    with pytest.raises(SerVaeError, match=r"expected the weights of a VAE"):
        run_noises("model=vae", start)
    with pytest.raises(SerVaeError, match="pretrained with other features, normalise"):
        run_noises("model=ae", start, "normalise=speaker", "features.trim_db=40")
    with pytest.raises(SerVaeError, match=r"nowhere\.ckpt"):
        run_noises("training.pretrained=nowhere.ckpt")


def test_fine_tuning_changes_the_encoder_and_freezing_does_not(finished_run):
    tuned, folder = finished_run("model=vae", "training.encoder_lr=1e-3")
    before = torch.load(folder / "pretrained.ckpt", weights_only=True)
    after = torch.load(folder / "classifier.ckpt", weights_only=True)
    name = "encoder.0.weight"
    assert not torch.equal(before[name], after[f"encoder.{name}"])
    frozen, folder = finished_run("model=vae")
    stored = torch.load(folder / "classifier.ckpt", weights_only=True)
    assert not [key for key in stored if key.startswith("encoder")]
    caveat = "the encoder before fine-tuning"
    assert caveat in " ".join(tuned["caveats"])
    assert caveat not in " ".join(frozen["caveats"])


def test_a_sampled_latent_is_another_result_than_the_mean(finished_run):
    mean, sampled = (
        (finished_run("model=vae", *more)[1] / "predictions.csv").read_bytes()
        for more in ((), ("training.latent=sample",))
    )
    assert mean != sampled


def test_an_encoder_pretrained_on_the_test_set_gets_the_verdict_heard(finished_run):
    _, folder = finished_run("model=vae")
    given = f"training.pretrained={folder / 'pretrained.ckpt'}"
    same = finished_run(given)[0]["audit"]
    assert same["pretrained_on"] == 0
    assert same["verdict"] != "HEARD"
    pretrained = {row["utterance"] for row in table(folder / "split.csv") if row["part"] == "train"}
    metrics, other = finished_run(given, "split=speaker", "fold=0")
    tested = {row["utterance"] for row in table(other / "predictions.csv")}
    assert metrics["audit"]["pretrained_on"] == len(pretrained & tested) > 0
    assert metrics["audit"]["verdict"] == "HEARD"
    assert "in the pretraining of the given encoder" in metrics["audit"]["sentence"]


def test_weights_without_a_record_are_a_caveat(run_noises, finished_run, tmp_path):
    _, folder = finished_run("model=vae")
    alone = tmp_path / "alone.ckpt"
    alone.write_bytes((folder / "pretrained.ckpt").read_bytes())
    metrics = run_noises(f"training.pretrained={alone}")
    assert metrics["audit"]["pretrained_on"] is None
    assert any("it is unknown what" in caveat for caveat in metrics["caveats"])
    alone.with_suffix(".json").write_text('{"unknown": 3}')
    with pytest.raises(SerVaeError, match=r"alone\.json: expected the record that a run writes"):
        run_noises(f"training.pretrained={alone}", "seed=1")
