"""Equal seeds give equal bits on one thread, whatever else differs."""

import random
import shutil
from pathlib import Path

import pytest
from run_files import (
    Command,
    FinishedRun,
    assert_same_weights,
    comparable,
    folders,
    listed_with_split,
)

SHORT = (
    "training.pretrain.epochs=2",
    "training.classify.epochs=2",
    "label_policies=headline",
)
TABLES = ("predictions.csv", "pretrain.csv", "classify.csv", "split.csv")


def assert_same_run(one: Path, other: Path) -> None:
    assert comparable(one) == comparable(other)
    for name in TABLES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    for name in ("pretrained.ckpt", "classifier.ckpt"):
        assert_same_weights(one / name, other / name)


@pytest.mark.slow
def test_two_processes_end_with_the_same_bits(
    noise_command: list[str], tmp_path: Path, command: Command
) -> None:
    """Whatever order Python gives its sets, and however many processes compute the features."""
    for place, jobs, hash_seed in (("first", 1, "1"), ("second", 2, "2")):
        done = command(
            "-m",
            *noise_command,
            *SHORT,
            "model=ae,vae,cvae",
            f"jobs={jobs}",
            f"cache={tmp_path / place / 'cache'}",
            f"runs={tmp_path / place / 'runs'}",
            PYTHONHASHSEED=hash_seed,
        )
        assert done.returncode == 0, done.stderr
    pairs = [folders(tmp_path / place / "runs") for place in ("first", "second")]
    assert len(pairs[0]) == 3
    for one, other in zip(*pairs, strict=True):
        assert one.name == other.name
        assert_same_run(one, other)


@pytest.mark.parametrize("model", ["cvae", "logmel_svm"])
def test_the_order_of_a_corpus_listing_changes_nothing(
    finished_run: FinishedRun, noises: Path, tmp_path: Path, model: str
) -> None:
    """Nor is that in which the file system has its files."""
    _, one = finished_run(*SHORT, f"model={model}")
    shuffled = tmp_path / "shuffled"
    shutil.copytree(noises, shuffled)
    header, *rows = (noises / "list.csv").read_text().splitlines()
    random.Random(0).shuffle(rows)
    (shuffled / "list.csv").write_text("\n".join([header, *rows]) + "\n")
    _, other = finished_run(*SHORT, f"model={model}", f"corpus.root={shuffled}")
    assert comparable(one) == comparable(other)
    names = [name for name in TABLES if (one / name).exists()]
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_another_seed_draws_other_weights_for_the_same_split(
    finished_run: FinishedRun, noises: Path, tmp_path: Path
) -> None:
    root = listed_with_split(noises, tmp_path / "noises", swap=False)
    given = (*SHORT, "model=ae", "split=given", f"corpus.root={root}")
    zero, one = (finished_run(*given, f"seed={seed}")[1] for seed in (0, 1))
    assert (zero / "split.csv").read_bytes() == (one / "split.csv").read_bytes()
    for name in TABLES[:3]:
        assert (zero / name).read_bytes() != (one / name).read_bytes(), name
