"""What a sweeper learns from: the validation part, at the last epoch, and never the test part."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from run_files import Run, table

from ser_vae import SerVaeError
from ser_vae.run import configure
from ser_vae.run_folder import addressed
from ser_vae.sweep import objective

Write = Callable[[str], dict[str, Any]]
LOSS = "classify/validation/loss"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["objective=classify/test/accuracy"], "chosen by the test part"),
        (["objective=random/test/ua"], "chosen by the test part"),
        (["objective=classify/train/loss"], "expected pretrain/validation"),
        (["objective=classify/validation/"], "expected pretrain/validation"),
        ([f"objective={LOSS}", "split.validation=0"], "no validation part.*split.validation=0.2"),
        ([f"objective={LOSS}", "split=session", "fold=all"], "fold=0"),
    ],
)
def test_an_objective_that_cannot_or_must_not_be_is_refused(
    settings: list[str], words: str
) -> None:
    with pytest.raises(SerVaeError, match=f"(?s){words}"):
        objective.check(configure("split.validation=0.2", *settings))


def test_nothing_is_asked_of_a_run_without_an_objective(tmp_path: Path) -> None:
    objective.check(configure())
    assert objective.reached(None, tmp_path) == {}


def test_it_is_of_the_last_epoch_not_of_the_best(tmp_path: Path) -> None:
    (tmp_path / "classify.csv").write_text(f"epoch,{LOSS}\n0,0.9\n1,0.1\n2,0.5\n")
    assert objective.reached(LOSS, tmp_path) == {"objective": 0.5}


def test_what_the_curves_do_not_have_is_named_with_what_they_have(tmp_path: Path) -> None:
    (tmp_path / "classify.csv").write_text(f"epoch,classify/train/loss,{LOSS}\n0,0.9,0.8\n")
    with pytest.raises(SerVaeError, match=f"There are: {LOSS}\\."):
        objective.reached("classify/validation/f1", tmp_path)


def test_a_model_without_epochs_has_no_objective(tmp_path: Path) -> None:
    with pytest.raises(SerVaeError, match="trained nothing epoch by epoch"):
        objective.reached(LOSS, tmp_path)


def test_a_runs_address_does_not_change_with_it() -> None:
    settings = ["split.validation=0.2", "corpus=urdu", "corpus.root=/nowhere"]
    assert addressed(configure(*settings)) == addressed(configure(*settings, f"objective={LOSS}"))


@pytest.fixture
def relabelled(noises: Path, tmp_path: Path, run_noises: Run) -> Write:
    """A run on the noises with the labels of one part turned round."""
    parts = ("train", "train", "train", "validation", "test")
    turned = {"calm": "cross", "cross": "gay", "gay": "calm"}

    def go(wrong: str) -> dict[str, Any]:
        root = tmp_path / f"wrong-{wrong}"
        shutil.copytree(noises, root)
        listed, split = ["path,emotion,speaker"], ["utterance,part"]
        for number, row in enumerate(table(root / "list.csv")):
            part = parts[number % len(parts)]
            emotion = turned[row["emotion"]] if part == wrong else row["emotion"]
            listed.append(f"{row['path']},{emotion},{row['speaker']}")
            split.append(f"{row['path']},{part}")
        (root / "list.csv").write_text("\n".join(listed) + "\n")
        (root / "split.csv").write_text("\n".join(split) + "\n")
        given = ["split=file", f"split.path={root / 'split.csv'}", f"corpus.root={root}"]
        return run_noises(*given, f"objective={LOSS}", "model=ae")

    return go


def test_labels_of_the_test_part_do_not_move_it(relabelled: Write) -> None:
    """And those of the validation part do."""
    right, tested, validated = (relabelled(wrong) for wrong in ("none", "test", "validation"))
    assert tested["file/test/ua"] < right["file/test/ua"]
    assert tested["objective"] == right["objective"]
    assert validated["objective"] > right["objective"]
