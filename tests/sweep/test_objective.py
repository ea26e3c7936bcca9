"""A sweeper learns from the validation set after the last epoch, and never from the test set."""

import pytest
from run_files import given_split

from ser_vae import SerVaeError
from ser_vae.sweep import read_objective

LOSS = "classify/validation/loss"


def test_it_is_that_of_the_last_epoch_not_of_the_best(tmp_path):
    (tmp_path / "classify.csv").write_text(f"epoch,{LOSS}\n0,0.9\n1,0.1\n2,0.5\n")
    assert read_objective(LOSS, tmp_path) == {"objective": 0.5}
    assert read_objective(None, tmp_path) == {}


def test_the_error_of_a_missing_quantity_names_the_others(tmp_path):
    (tmp_path / "classify.csv").write_text(f"epoch,classify/train/loss,{LOSS}\n0,0.9,0.8\n")
    with pytest.raises(SerVaeError, match=f"It has: {LOSS}\\."):
        read_objective("classify/validation/f1", tmp_path)
    with pytest.raises(SerVaeError, match="none: it has no validation set, or"):
        read_objective("pretrain/validation/loss", tmp_path)


def test_it_depends_on_labels_of_the_validation_set_and_not_of_the_test_set(
    noises, tmp_path, run_noises
):
    sets, results = ("train", "train", "train", "dev", "test"), []
    for wrong in ("none", "test", "dev"):
        root = given_split(noises, tmp_path / wrong, wrong, sets)
        given = (f"corpus.root={root}", "split=given")
        results.append(run_noises(*given, f"objective={LOSS}", "model=ae"))
    right, test, validation = results
    assert test["given/test/ua"] < right["given/test/ua"]
    assert test["objective"] == right["objective"]
    assert validation["objective"] > right["objective"]
