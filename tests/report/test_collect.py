"""Folders in any state are read or named, and none of them stops the others."""

import traceback
from pathlib import Path
from typing import Any

import pytest

from ser_vae import SerVaeError
from ser_vae.report.collect import collect


def fail(message: str) -> str:
    """What a run leaves in error.txt."""
    try:
        try:
            raise KeyError("the first")
        except KeyError as error:
            raise SerVaeError(message) from error
    except SerVaeError as error:
        return "".join(traceback.format_exception(error))


def test_runs_are_found_at_any_depth(study: Any) -> None:
    study.run(seed=0)
    study.run(seed=1)
    above = study.folder.parent
    assert [run.seed for run in collect(above)[0]] == [0, 1]
    assert [run.folder.split("/")[:2] for run in collect(above)[0]] == [["runs", "random"]] * 2


def test_a_run_can_be_pointed_at_itself(study: Any) -> None:
    (run,), _ = collect(study.run(seed=3))
    assert (run.folder, run.corpus, run.seed) == (".", "urdu", 3)


def test_what_a_run_says_of_itself_is_read(study: Any) -> None:
    study.run("model=cvae", "data=scripted", corpus="a-b-seed1", seed=12, ua=0.25, wa=0.75)
    (run,) = study.runs
    assert (run.state, run.reason) == ("finished", "")
    assert (run.model, run.data, run.protocol) == ("cvae", "scripted", "random")
    assert (run.corpus, run.seed) == ("a-b-seed1", 12)
    assert (run.result.score["ua"], run.result.score["wa"]) == (0.25, 0.75)


def test_a_failed_run_has_the_first_line_of_its_reason(study: Any) -> None:
    folder = study.run(state="unfinished")
    (folder / "error.txt").write_text(fail("3 of 9 can't be used:\n  a.wav: silent\nMend them."))
    (run,) = study.runs
    assert run.state == "failed"
    assert run.reason == "ser_vae.SerVaeError: 3 of 9 can't be used:"


def test_a_run_that_finished_after_a_failure_is_finished(study: Any) -> None:
    (study.run() / "error.txt").write_text(fail("of an earlier attempt"))
    assert [run.state for run in study.runs] == ["finished"]


def test_a_configuration_alone_is_an_unfinished_run(study: Any) -> None:
    study.run(state="unfinished")
    assert [(run.state, run.result) for run in study.runs] == [("unfinished", None)]


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("metrics.json", '{"corpus": "ur', "JSONDecodeError"),
        ("metrics.json", "", "JSONDecodeError"),
        ("metrics.json", "[1, 2]", "TypeError"),
        ("metrics.json", '{"accuracy": 0.9}', "KeyError: 'random/test/ua'"),
        ("config.yaml", "", "TypeError"),
        ("config.yaml", "choice: {data: [", "ParserError"),
        ("config.yaml", "learning_rate: 0.1", "KeyError: 'choice'"),
    ],
)
def test_a_half_written_or_foreign_folder_is_named(
    study: Any, file: str, text: str, reason: str
) -> None:
    study.run(seed=0)
    broken = study.run(seed=1)
    (broken / file).write_text(text)
    runs, unreadable = collect(study.folder)
    assert [run.seed for run in runs] == [0]
    assert list(unreadable) == [f"random/{broken.name}"]
    said = unreadable[f"random/{broken.name}"]
    assert said.startswith(f"{file} is not as a run writes it: {reason}")
    assert "\n" not in said


@pytest.mark.parametrize("file", ["config.yaml", "metrics.json"])
def test_a_truncated_file_is_named_wherever_it_ends(study: Any, file: str) -> None:
    study.run(seed=0)
    broken = study.run(seed=1) / file
    text = broken.read_text()
    for end in range(0, text.index("corpus"), 20):
        broken.write_text(text[:end])
        runs, unreadable = collect(study.folder)
        assert [run.seed for run in runs] == [0]
        assert len(unreadable) == 1


def test_results_without_a_configuration_are_named(study: Any) -> None:
    study.run(seed=0)
    (study.run(seed=1) / "config.yaml").unlink()
    _, unreadable = collect(study.folder)
    assert list(unreadable.values()) == ["config.yaml: No such file or directory"]


def test_a_renamed_folder_is_named(study: Any) -> None:
    study.run(seed=0)
    study.run(seed=1).rename(study.folder / "the_best_one")
    _, unreadable = collect(study.folder)
    assert list(unreadable) == ["the_best_one"]
    assert "vae-complete-CORPUS-seed1-ADDRESS" in unreadable["the_best_one"]


def test_a_loggers_own_files_are_no_run(study: Any) -> None:
    below = study.run() / "wandb" / "run-1" / "files"
    below.mkdir(parents=True)
    (below / "config.yaml").write_text("wandb_version: 1")
    runs, unreadable = collect(study.folder)
    assert (len(runs), unreadable) == (1, {})


def test_shared_encoders_locks_and_other_folders_are_passed_over(study: Any) -> None:
    study.run()
    for name in ("pretrained/vae-0a1b2c3d", "random/.locks", "notes", "random/.hydra"):
        (study.folder / name).mkdir(parents=True)
    (study.folder / "pretrained/vae-0a1b2c3d/pretrain.csv").write_text("epoch\n")
    (study.folder / "random/.hydra/config.yaml").write_text("a: 1")
    (study.folder / "notes/readme.txt").write_text("mine")
    runs, unreadable = collect(study.folder)
    assert (len(runs), unreadable) == (1, {})


def test_a_stray_file_hides_no_run_below(study: Any) -> None:
    study.run()
    (study.folder / "predictions.csv").write_text("mine\n")
    runs, unreadable = collect(study.folder)
    assert (len(runs), list(unreadable)) == (1, ["."])


def test_a_folder_without_runs_is_an_error_that_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "metrics.json").write_text("{}")
    with pytest.raises(SerVaeError, match="expected a folder that runs were written to") as error:
        collect(tmp_path)
    assert "mine: config.yaml: No such file" in str(error.value)
