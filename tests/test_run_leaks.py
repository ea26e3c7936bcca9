"""What may not reach a prediction, and what is refused."""

import random
import shutil
from pathlib import Path

import pytest
from run_files import Run, folders, listed_with_split, table
from stored_features import stored

from ser_vae import SerVaeError

BRIEF = ("training.pretrain.epochs=1", "training.classify.epochs=2")


@pytest.mark.parametrize("model", ["vae", "cvae"])
@pytest.mark.parametrize("normalise", ["train", "speaker"])
def test_test_labels_change_no_prediction(
    run_noises: Run, noises: Path, tmp_path: Path, model: str, normalise: str
) -> None:
    said = []
    for swap in (False, True):
        root = listed_with_split(noises, tmp_path / f"swap{swap}", swap)
        runs = tmp_path / f"runs{swap}"
        run_noises(
            "split=given",
            f"corpus.root={root}",
            f"model={model}",
            f"normalise={normalise}",
            f"runs={runs}",
        )
        (folder,) = folders(runs)
        rows = table(folder / "predictions.csv")
        said.append([{k: v for k, v in row.items() if k != "truth"} for row in rows])
    assert said[0] == said[1]


@pytest.mark.parametrize("split", [("split=random",), ("split=speaker", "fold=1")])
def test_the_order_of_the_lines_of_a_corpus_changes_nothing(
    run_noises: Run, noises: Path, tmp_path: Path, split: tuple[str, ...]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    header, *lines = (noises / "list.csv").read_text().splitlines()
    turned = [header, *random.Random(1).sample(lines, len(lines))]
    (copy / "list.csv").write_text("\n".join(turned) + "\n")
    for root in (noises, copy):
        run_noises(f"corpus.root={root}", f"runs={tmp_path / root.name}", *BRIEF, *split)
    (first,), (second,) = folders(tmp_path / noises.name), folders(tmp_path / "copy")
    assert first.name == second.name
    for name in ("predictions.csv", "split.csv", "audit.json", "pretrain.csv", "classify.csv"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_oracle_is_no_headline(run_noises: Run, tmp_path: Path) -> None:
    with pytest.raises(SerVaeError, match=r"told the test labels; that is no result"):
        run_noises("model=cvae", "label_policy=oracle")
    assert not (tmp_path / "runs/pretrained").exists()


def test_a_policy_that_would_be_ignored_is_refused(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match="never told a label"):
        run_noises("model=vae", "label_policy=oracle")


def test_a_subset_that_the_corpus_does_not_know_is_refused(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match="does not distinguish improvised from scripted"):
        run_noises("data=improvised")


@pytest.fixture
def spoilt(noises: Path, tmp_path: Path) -> Path:
    root = tmp_path / "spoilt"
    shutil.copytree(noises, root)
    (root / "calm03.wav").write_bytes(b"no audio at all")
    (root / "gay07.wav").write_bytes((root / "gay07.wav").read_bytes()[:1000])
    return root


def test_a_bad_file_stops_the_run_and_loses_no_other_files_work(
    run_noises: Run, spoilt: Path, tmp_path: Path
) -> None:
    with pytest.raises(SerVaeError, match=r"(?s)2 of 60 .*calm03.*gay07.*bad_audio=drop"):
        run_noises(f"corpus.root={spoilt}", f"cache={tmp_path / 'cache'}")
    assert len(stored(tmp_path / "cache/features")) == 58


def test_bad_files_are_left_out_counted_and_named_where_asked_for(
    run_noises: Run, spoilt: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = run_noises(f"corpus.root={spoilt}", "bad_audio=drop")
    assert set(metrics["left_out"]) == {"calm03.wav", "gay07.wav"}
    assert sum(part["utterances"] for part in metrics["counts"].values()) == 58
    assert any("2 unusable" in caveat for caveat in metrics["caveats"])
    assert "calm03" in caplog.text
