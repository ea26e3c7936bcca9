"""A sweeper learns from the validation set after the last epoch, and never from the test set."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_files import Run, table

from ser_vae import SerVaeError
from ser_vae.sweep import read_objective

LOSS = "classify/validation/loss"
EMOTIONS = {"calm": "cross", "cross": "gay", "gay": "calm"}  # each with a wrong one


def test_it_is_that_of_the_last_epoch_not_of_the_best(tmp_path: Path) -> None:
    (tmp_path / "classify.csv").write_text(f"epoch,{LOSS}\n0,0.9\n1,0.1\n2,0.5\n")
    assert read_objective(LOSS, tmp_path) == {"objective": 0.5}
    assert read_objective(None, tmp_path) == {}


def test_the_error_of_a_missing_quantity_names_the_others(tmp_path: Path) -> None:
    (tmp_path / "classify.csv").write_text(f"epoch,classify/train/loss,{LOSS}\n0,0.9,0.8\n")
    with pytest.raises(SerVaeError, match=f"It has: {LOSS}\\."):
        read_objective("classify/validation/f1", tmp_path)
    with pytest.raises(SerVaeError, match="none, as its model or classifier is no network"):
        read_objective("pretrain/validation/loss", tmp_path)


@pytest.fixture
def run_with_wrong_labels(
    noises: Path, tmp_path: Path, run_noises: Run
) -> Callable[[str], dict[str, Any]]:
    """Run on the noises with wrong labels in one of the sets."""
    sets = ("train", "train", "train", "validation", "test")

    def go(wrong: str) -> dict[str, Any]:
        root = shutil.copytree(noises, tmp_path / f"wrong-{wrong}")
        listing, split = ["path,emotion,speaker"], ["utterance,part"]
        for number, row in enumerate(table(root / "list.csv")):
            part, emotion = sets[number % len(sets)], row["emotion"]
            emotion = EMOTIONS[emotion] if part == wrong else emotion
            listing.append(f"{row['path']},{emotion},{row['speaker']}")
            split.append(f"{row['path']},{part}")
        (root / "list.csv").write_text("\n".join(listing))
        (root / "split.csv").write_text("\n".join(split))
        files = (f"corpus.root={root}", "split=file", f"split.path={root / 'split.csv'}")
        return run_noises(*files, f"objective={LOSS}", "model=ae")

    return go


def test_it_depends_on_labels_of_the_validation_set_and_not_of_the_test_set(
    run_with_wrong_labels: Callable[[str], dict[str, Any]],
) -> None:
    right, test, validation = map(run_with_wrong_labels, ("none", "test", "validation"))
    assert test["file/test/ua"] < right["file/test/ua"]
    assert test["objective"] == right["objective"]
    assert validation["objective"] > right["objective"]
