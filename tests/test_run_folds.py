"""Protocols of several folds, and splits from files."""

import contextlib
import io
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from run_files import comparable, folders, noise_settings, table

from ser_vae import pipeline
from ser_vae.run import configure, run

BRIEF = ("split=speaker", "training.pretrain.epochs=1", "training.classify.epochs=2")


class AllFolds(NamedTuple):
    """The scores of all folds together, what was printed, and where the folds are."""

    scores: dict[str, Any]
    printed: str
    runs: Path
    command: list[str]


@pytest.fixture(scope="module")
def all_folds(noises, cache, tmp_path_factory) -> AllFolds:
    runs, printed = tmp_path_factory.mktemp("folds"), io.StringIO()
    command = [*noise_settings(noises, cache, runs), *BRIEF, "fold=all"]
    with contextlib.redirect_stdout(printed):
        scores = run(configure(*command))
    return AllFolds(scores, printed.getvalue(), runs, command)


def test_all_folds_leave_out_each_speaker_once_and_are_scored_together(all_folds):
    scores, printed, runs, _ = all_folds
    run_folders = folders(runs)
    assert [folder.parent.name for folder in run_folders] == ["speaker"] * 4
    predicted = [table(folder / "predictions.csv") for folder in run_folders]
    for number, rows in enumerate(predicted):
        assert {row["speaker"] for row in rows} == {f"s{number}"}
        assert comparable(run_folders[number])["fold"] == number
        assert comparable(run_folders[number])["audit"]["verdict"] == "INDEPENDENT"
    rows = [row for part in predicted for row in part]
    assert len({row["utterance"] for row in rows}) == len(rows) == 60
    right = sum(row["truth"] == row["guess"] for row in rows)
    assert scores["speaker/test/wa"] == pytest.approx(right / 60)
    each = [comparable(folder)["speaker/test/ua"] for folder in run_folders]
    assert scores["speaker/test/ua_of_folds"] == each
    *_, pooled = printed.partition("vae-complete-folder-seed0, 4 folds")
    assert f"speaker/test/ua {scores['speaker/test/ua']:.2%}" in " ".join(pooled.split())
    # no fold shares an encoder that was pretrained on its test speaker
    assert len(list((runs / "pretrained").glob("vae-*"))) == 4


def test_folds_are_those_of_what_can_be_used(run_noises, own_noises, tmp_path, capsys):
    """A speaker all of whose files are cut short is no fold, and the others are all there."""
    for row in table(own_noises / "list.csv"):
        if row["speaker"] == "s1":
            content = (own_noises / row["path"]).read_bytes()
            (own_noises / row["path"]).write_bytes(content[: len(content) // 2])
    damaged = (f"corpus.root={own_noises}", "bad_audio=drop")
    run_noises("model=majority", "split=speaker", "fold=all", *damaged)
    run_folders = folders(tmp_path / "runs")
    predicted = [row for folder in run_folders for row in table(folder / "predictions.csv")]
    assert len(run_folders) == 3
    assert len(predicted) == 45
    assert {row["speaker"] for row in predicted} == {"s0", "s2", "s3"}
    assert "majority-complete-folder-seed0, 3 folds" in " ".join(capsys.readouterr().out.split())


def test_a_fold_alone_is_the_fold_of_all_and_runs_from_its_split(all_folds, run_noises, tmp_path):
    of_all = folders(all_folds.runs)[2]
    run_noises(*BRIEF, "fold=2", f"runs={tmp_path / 'alone'}")
    (alone,) = folders(tmp_path / "alone")
    assert alone.name == of_all.name
    assert comparable(alone) == comparable(of_all)
    run_noises("split=file", f"split.path={alone / 'split.csv'}", *BRIEF[1:])
    (given,) = folders(tmp_path / "runs")
    for name in ("split.csv", "predictions.csv"):
        for folder in (alone, given):
            assert (folder / name).read_bytes() == (of_all / name).read_bytes(), name


def test_all_folds_of_a_protocol_without_any_are_the_run_itself(run_noises, tmp_path):
    command = ("model=majority", "split=random")
    assert run_noises(*command, "fold=all") == run_noises(*command)
    assert len(folders(tmp_path / "runs")) == 1


def test_all_folds_asked_for_again_answer_at_once(all_folds, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "execute", None)
    assert run(configure(*all_folds.command)) == all_folds.scores
    assert capsys.readouterr().out == all_folds.printed


def test_another_split_under_the_same_path_is_another_run(run_noises, tmp_path):
    run_noises("model=majority")
    (first,) = folders(tmp_path / "runs")
    path = tmp_path / "split.csv"
    given = ("model=majority", "split=file", f"split.path={path}")
    text = (first / "split.csv").read_text()
    path.write_text(text)
    run_noises(*given)
    path.write_text(text.replace(",test", ",train", 1))
    assert run_noises(*given)["counts"]["test"]["utterances"] == 17


def test_another_session_of_an_utterance_is_another_run(run_noises, own_noises, tmp_path):
    rows = table(own_noises / "list.csv")
    for turn in (0, 1):
        lines = [f"{','.join(row.values())},S{(n + turn) % 2}" for n, row in enumerate(rows)]
        text = "\n".join(["path,emotion,speaker,session", *lines]) + "\n"
        (own_noises / "list.csv").write_text(text)
        run_noises(f"corpus.root={own_noises}", "split=session", "fold=0", "model=majority")
    first, second = folders(tmp_path / "runs")
    assert (first / "split.csv").read_text() != (second / "split.csv").read_text()
