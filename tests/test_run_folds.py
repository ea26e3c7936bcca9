"""Protocols of several folds, and splits from files."""

import shutil
from pathlib import Path

import pytest
from run_files import Run, comparable, folders, table

from ser_vae import SerVaeError, pipeline

BRIEF = ("split=speaker", "training.pretrain.epochs=1", "training.classify.epochs=2")


def test_all_folds_leave_out_each_speaker_once_and_are_scored_together(
    run_noises: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = run_noises(*BRIEF, "fold=all")
    found = folders(tmp_path / "runs")
    assert [folder.parent.name for folder in found] == ["speaker"] * 4
    predicted = [table(folder / "predictions.csv") for folder in found]
    for number, rows in enumerate(predicted):
        assert {row["speaker"] for row in rows} == {f"s{number}"}
        assert comparable(found[number])["fold"] == number
        assert comparable(found[number])["audit"]["verdict"] == "INDEPENDENT"
    rows = [row for part in predicted for row in part]
    assert len({row["utterance"] for row in rows}) == len(rows) == 60
    right = sum(row["truth"] == row["guess"] for row in rows)
    assert scores["speaker/test/wa"] == pytest.approx(right / 60)
    each = [comparable(folder)["speaker/test/ua"] for folder in found]
    assert scores["speaker/test/ua_of_folds"] == each
    *_, pooled = capsys.readouterr().out.partition("vae-complete-folder-seed0, 4 folds")
    assert f"speaker/test/ua {scores['speaker/test/ua']:.2%}" in " ".join(pooled.split())


def test_folds_are_those_of_what_can_be_used(
    run_noises: Run, noises: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A speaker all of whose files are cut short is no fold, and the others are all there."""
    corpus = tmp_path / "corpus"
    shutil.copytree(noises, corpus)
    for row in table(corpus / "list.csv"):
        if row["speaker"] == "s1":
            content = (corpus / row["path"]).read_bytes()
            (corpus / row["path"]).write_bytes(content[: len(content) // 2])
    own = (f"corpus.root={corpus}", f"corpus.csv={corpus / 'list.csv'}", "bad_audio=drop")
    run_noises("model=majority", "split=speaker", "fold=all", *own)
    found = folders(tmp_path / "runs")
    predicted = [row for folder in found for row in table(folder / "predictions.csv")]
    assert len(found) == 3
    assert len(predicted) == 45
    assert {row["speaker"] for row in predicted} == {"s0", "s2", "s3"}
    assert "majority-complete-folder-seed0, 3 folds" in " ".join(capsys.readouterr().out.split())


def test_folds_do_not_share_an_encoder_that_has_seen_their_test_speaker(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises(*BRIEF, "fold=all")
    assert len(list((tmp_path / "runs/pretrained").glob("vae-*"))) == 4


def test_a_fold_alone_is_the_fold_of_all(run_noises: Run, tmp_path: Path) -> None:
    run_noises(*BRIEF, "fold=2", f"runs={tmp_path / 'alone'}")
    run_noises(*BRIEF, "fold=all")
    (alone,), of_all = folders(tmp_path / "alone"), folders(tmp_path / "runs")[2]
    assert alone.name == of_all.name
    assert comparable(alone) == comparable(of_all)
    assert (alone / "predictions.csv").read_bytes() == (of_all / "predictions.csv").read_bytes()


def test_all_folds_of_a_protocol_without_any_are_the_run_itself(
    run_noises: Run, tmp_path: Path
) -> None:
    brief = ("training.pretrained=none", "training.classify.epochs=1", "split=random")
    assert run_noises(*brief, "fold=all") == run_noises(*brief)
    assert len(folders(tmp_path / "runs")) == 1


def test_all_folds_asked_for_again_answer_at_once(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_noises(*BRIEF, "fold=all")
    monkeypatch.setattr(pipeline, "execute", None)
    assert run_noises(*BRIEF, "fold=all") == first
    lines = capsys.readouterr().out.splitlines()
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 :]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("split=speaker",), r"fold=None: split=speaker has 4 folds here\.\nGive fold=0 to fold=3"),
        (("split=speaker", "fold=4"), r"fold=4: split=speaker has 4 folds"),
        (("split=random", "fold=0"), r"fold=0: split=random has no folds"),
        (("split=session", "fold=all"), r"does not state the session of 60 of 60"),
    ],
)
def test_a_fold_that_is_not_there_is_refused_before_training(
    run_noises: Run, tmp_path: Path, overrides: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SerVaeError, match=message):
        run_noises(*overrides)
    assert not (tmp_path / "runs/pretrained").exists()


@pytest.mark.parametrize("protocol", ["random", "speaker"])
def test_the_protocol_is_in_the_name_of_every_score(run_noises: Run, protocol: str) -> None:
    metrics = run_noises(*BRIEF[1:], f"split={protocol}", *(["fold=0"] * (protocol == "speaker")))
    named = ("wa", "ua", "macro_f1", "recall", "confusion")
    assert {f"{protocol}/test/{name}" for name in named} <= metrics.keys()
    assert {f"{protocol}/test/{name}" for name in named} <= metrics["majority"].keys()
    scores = [k for k in (*metrics, *metrics["majority"]) if k.rpartition("/")[2] in named]
    assert all(key.startswith(f"{protocol}/test/") for key in scores)


def test_a_runs_own_split_can_be_run_again_from_its_file(run_noises: Run, tmp_path: Path) -> None:
    run_noises(*BRIEF, "fold=1")
    (first,) = folders(tmp_path / "runs")
    given = ("split=file", f"split.path={first / 'split.csv'}", *BRIEF[1:])
    run_noises(*given)
    (again,) = (tmp_path / "runs/file").glob("vae-*")
    for name in ("split.csv", "predictions.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes(), name


def test_another_split_under_the_same_path_is_another_run(run_noises: Run, tmp_path: Path) -> None:
    run_noises("training.pretrained=none", *BRIEF[1:])
    (first,) = folders(tmp_path / "runs")
    path = tmp_path / "split.csv"
    given = ("training.pretrained=none", "split=file", f"split.path={path}", *BRIEF[1:])
    text = (first / "split.csv").read_text()
    path.write_text(text)
    run_noises(*given)
    path.write_text(text.replace(",test", ",train", 1))
    assert run_noises(*given)["counts"]["test"]["utterances"] == 17


def test_a_split_without_its_file_is_named(run_noises: Run) -> None:
    with pytest.raises(SerVaeError, match=r"split\.path: nowhere\.csv cannot be read"):
        run_noises("split=file", "split.path=nowhere.csv")


def test_another_session_of_an_utterance_is_another_run(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    rows = table(copy / "list.csv")
    for turn in (0, 1):
        lines = [f"{','.join(row.values())},S{(n + turn) % 2}" for n, row in enumerate(rows)]
        (copy / "list.csv").write_text("\n".join(["path,emotion,speaker,session", *lines]) + "\n")
        run_noises(f"corpus.root={copy}", "split=session", "fold=0", *BRIEF[1:])
    first, second = folders(tmp_path / "runs")
    assert (first / "split.csv").read_text() != (second / "split.csv").read_text()
