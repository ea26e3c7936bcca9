"""Equal seeds give equal bits on one thread, in any process."""

import os
import random

import pytest
from run_files import assert_same_run, folders, given_split, python

SHORT = ("training.pretrain.epochs=2", "training.classify.epochs=2", "label_policies=headline")


@pytest.mark.slow(25)
def test_another_process_ends_with_the_same_bits(finished_run, noise_command, tmp_path):
    """Whatever order Python gives its sets, and however many threads compute the features."""
    words = [*noise_command, *SHORT, "model=ae,vae,cvae", "jobs=1", f"cache={tmp_path / 'cache'}"]
    python("-m", "ser_vae.run", "-m", *words, env={**os.environ, "PYTHONHASHSEED": "1"})
    expected = [finished_run(*SHORT, f"model={model}")[1] for model in ("ae", "cvae", "vae")]
    for one, other in zip(folders(tmp_path / "runs"), expected, strict=True):
        assert one.name == other.name
        assert_same_run(one, other)


@pytest.mark.parametrize("model", ["cvae", "logmel_svm"])
def test_the_order_of_a_corpus_listing_changes_nothing(finished_run, own_noises, model):
    """Nor is that in which the file system has its files."""
    _, one = finished_run(*SHORT, f"model={model}")
    header, *rows = (own_noises / "list.csv").read_text().splitlines()
    random.Random(0).shuffle(rows)
    (own_noises / "list.csv").write_text("\n".join([header, *rows]) + "\n")
    _, other = finished_run(*SHORT, f"model={model}", f"corpus.root={own_noises}")
    assert_same_run(one, other)


def test_another_seed_draws_other_weights_for_the_same_split(finished_run, noises, tmp_path):
    root = given_split(noises, tmp_path / "noises")
    given = (*SHORT, "model=ae", "split=given", f"corpus.root={root}")
    zero, one = (finished_run(*given, f"seed={seed}")[1] for seed in (0, 1))
    assert (zero / "split.csv").read_bytes() == (one / "split.csv").read_bytes()
    for name in ("predictions.csv", "pretrain.csv", "classify.csv"):
        assert (zero / name).read_bytes() != (one / name).read_bytes(), name
