"""Pretraining: once, never, or from a file; and what the classifier gets."""

from pathlib import Path

import pytest
from run_files import Run, comparable, folders, table

from ser_vae import SerVaeError


def test_classifiers_share_a_pretrained_encoder_and_seeds_do_not(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises()
    run_noises("classifier.hidden=8")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 1
    run_noises("seed=1")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 2


def test_a_reused_encoder_gives_the_same_result_as_a_new_one(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("classifier.hidden=8")
    run_noises("classifier.hidden=8", "classifier.dense=9")  # reuses
    run_noises("classifier.hidden=8", "classifier.dense=9", f"runs={tmp_path / 'alone'}")
    (alone,) = folders(tmp_path / "alone")
    (reused,) = (f for f in folders(tmp_path / "runs") if f.name == alone.name)
    assert comparable(alone) == comparable(reused)
    assert (alone / "pretrain.csv").read_text() == (reused / "pretrain.csv").read_text()


def test_an_untrained_encoder_is_left_as_initialised(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.pretrained=none")
    (folder,) = folders(tmp_path / "runs")
    assert not (tmp_path / "runs/pretrained").exists()
    assert not (folder / "pretrain.csv").exists()


def test_a_run_starts_from_another_runs_checkpoint(run_noises: Run, tmp_path: Path) -> None:
    first = run_noises()
    (folder,) = folders(tmp_path / "runs")
    again = run_noises(f"training.pretrained={folder / 'pretrained.ckpt'}")
    assert again["random/test/confusion"] == first["random/test/confusion"]


def test_a_checkpoint_of_another_model_is_refused(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=ae")
    (folder,) = folders(tmp_path / "runs")
    with pytest.raises(SerVaeError, match=r"expected the weights of a VAE"):
        run_noises("model=vae", f"training.pretrained={folder / 'pretrained.ckpt'}")


def test_a_missing_checkpoint_is_named(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match=r"nowhere\.ckpt"):
        run_noises("training.pretrained=nowhere.ckpt")


def test_fine_tuning_changes_the_encoder_and_freezing_does_not(
    run_noises: Run, tmp_path: Path
) -> None:
    import torch  # noqa: PLC0415

    run_noises("training.encoder_lr=1e-3")
    (folder,) = folders(tmp_path / "runs")
    before = torch.load(folder / "pretrained.ckpt", weights_only=True)
    after = torch.load(folder / "classifier.ckpt", weights_only=True)
    name = "encoder.0.weight"
    assert not torch.equal(before[name], after[f"encoder.{name}"])
    run_noises(f"runs={tmp_path / 'frozen'}")
    (frozen,) = folders(tmp_path / "frozen")
    stored = torch.load(frozen / "classifier.ckpt", weights_only=True)
    assert not [key for key in stored if key.startswith("encoder")]


def test_a_sampled_latent_is_another_result_than_the_mean(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.latent=sample")
    run_noises("training.latent=mu")
    first, second = folders(tmp_path / "runs")
    assert (first / "predictions.csv").read_text() != (second / "predictions.csv").read_text()


def test_an_encoder_pretrained_on_the_test_set_gets_the_verdict_heard(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("model=cvae", "label_policies=headline")
    (folder,) = folders(tmp_path / "runs")
    given = f"training.pretrained={folder / 'pretrained.ckpt'}"
    again = ("model=cvae", "label_policies=headline", given)
    same = run_noises(*again)["audit"]
    assert same["pretrained_on"] == 0
    assert same["verdict"] != "HEARD"
    pretrained = {row["utterance"] for row in table(folder / "split.csv") if row["part"] == "train"}
    other = run_noises(*again, "split=speaker", "fold=0")
    by_protocol = {p.parent.parent.name: p.parent for p in tmp_path.glob("runs/*/*/metrics.json")}
    tested = {row["utterance"] for row in table(by_protocol["speaker"] / "predictions.csv")}
    assert other["audit"]["pretrained_on"] == len(pretrained & tested) > 0
    assert other["audit"]["verdict"] == "HEARD"
    assert "in the pretraining of the given encoder" in other["audit"]["sentence"]


def test_a_run_from_a_checkpoint_keeps_the_record_of_its_pretraining(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises()
    (folder,) = folders(tmp_path / "runs")
    run_noises(f"training.pretrained={folder / 'pretrained.ckpt'}", "split=speaker", "fold=0")
    (other,) = (path.parent for path in tmp_path.glob("runs/speaker/*/metrics.json"))
    assert (other / "pretrained.json").read_text() == (folder / "pretrained.json").read_text()


def test_weights_without_a_record_are_a_caveat(run_noises: Run, tmp_path: Path) -> None:
    run_noises()
    (folder,) = folders(tmp_path / "runs")
    alone = tmp_path / "alone.ckpt"
    alone.write_bytes((folder / "pretrained.ckpt").read_bytes())
    metrics = run_noises(f"training.pretrained={alone}")
    assert metrics["audit"]["pretrained_on"] is None
    assert any("it is unknown what" in caveat for caveat in metrics["caveats"])
    alone.with_suffix(".json").write_text('{"unknown": 3}')
    with pytest.raises(SerVaeError, match=r"alone\.json: expected the record that a run writes"):
        run_noises(f"training.pretrained={alone}", "seed=1")


def test_weights_pretrained_on_other_features_are_refused(run_noises: Run, tmp_path: Path) -> None:
    run_noises()
    (folder,) = folders(tmp_path / "runs")
    with pytest.raises(SerVaeError, match="pretrained with other features, normalise"):
        run_noises(
            f"training.pretrained={folder / 'pretrained.ckpt'}",
            *("normalise=speaker", "features.trim_db=40"),
        )


def test_health_of_a_fine_tuned_encoder_is_marked_as_before_fine_tuning(run_noises: Run) -> None:
    caveat = "the encoder before fine-tuning"
    assert caveat in " ".join(run_noises("training.encoder_lr=1e-3")["caveats"])
    assert caveat not in " ".join(run_noises()["caveats"])
