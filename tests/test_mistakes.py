"""What is said of a mistake is short, names what is at fault, and says what to do."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mistakes import MISTAKES, write_here, write_lists
from run_files import Command, Run, folders, noise_settings, table

from ser_vae import check
from ser_vae.dashboard import __main__ as dashboard
from ser_vae.features.digest import GRAIN_NS
from ser_vae.listen import __main__ as listen
from ser_vae.report import __main__ as report
from ser_vae.run import configure, main, run

ROOTS = ("IEMOCAP_ROOT", "URDU_ROOT", "RAVDESS_ROOT", "FOLDER_ROOT", "HYDRA_FULL_ERROR")
QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none")  # pytest's own handlers stay

Said = Callable[..., str]


@pytest.fixture(scope="session")
def _features(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those of the noises, whose making draws a bar: it would stand among the lines.

    Files as new as these may change again unseen, and would be read anew each time: wait it out.
    """
    newest_ns = max(path.stat().st_ctime_ns for path in noises.rglob("*"))
    time.sleep(max(0, 1.1 * GRAIN_NS - (time.time_ns() - newest_ns)) / 1e9)
    run(
        configure(*noise_settings(noises, cache, tmp_path_factory.mktemp("runs")), "model=majority")
    )


@pytest.fixture
def said(
    _features: None,
    noise_command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Said:
    """What the command, called in this process, says of its settings where it ends with 1."""
    for name in ROOTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)

    def go(*words: str) -> str:
        many = [*words[:1]] if words[0] == "-m" else []
        other = any(word.startswith("corpus=") for word in words)
        settings = [s for s in noise_command if not (other and s.startswith("corpus"))]
        monkeypatch.setattr(sys, "argv", ["run", *many, *settings, *QUIET, *words[len(many) :]])
        with pytest.raises((SystemExit, Exception)) as raised:
            main()
        if not isinstance(raised.value, SystemExit):
            sys.excepthook(raised.type, raised.value, raised.tb)
        else:
            assert raised.value.code == 1
        return capsys.readouterr().err

    return go


@pytest.fixture(scope="session")
def lists(noises: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    write_lists(noises, folder)
    return folder


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here")
    write_here(folder)
    return folder


def assert_short(text: str) -> None:
    assert "Traceback" not in text
    assert 1 <= len(text.splitlines()) <= 3, text


@pytest.mark.parametrize("name", MISTAKES)
def test_a_common_mistake_is_answered_in_three_lines_with_what_to_do(
    name: str, said: Said, lists: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, expected = MISTAKES[name]
    monkeypatch.chdir(here)
    text = said(*settings.format(lists=lists, here=here).split())
    assert text.startswith("error: ")
    assert_short(text)
    for words in expected:
        assert words.format(lists=lists, here=here) in text


def test_nobody_is_led_to_the_name_of_a_class(said: Said) -> None:
    assert "_target_" not in said("model=ae", "model.beta=2")


def test_a_defect_is_short_beside_weights_and_biases_too(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose own hook prints a traceback of any error."""

    def failing(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("ser_vae.pipeline.recognise", failing)
    text = said("model=majority", "logger=[wandb]", "logger.wandb.mode=offline")
    assert "error: ZeroDivisionError: a defect" in text
    assert "Nobody foresaw this" in text
    assert "Traceback (most" not in text
    assert "overrides" not in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_missed_before_any_feature(said: Said, tmp_path: Path) -> None:
    text = said("trainer=gpu", f"cache={tmp_path / 'cache'}")
    assert_short(text)
    assert "trainer.accelerator=gpu" in text
    assert "trainer=cpu" in text
    assert not list((tmp_path / "cache").glob("features/*/*/*"))


def test_speech_too_short_for_a_segment_is_named_up_to_ten(said: Said) -> None:
    text = said("data.length=1000")
    assert "60 of 60 utterances can't be used" in text
    assert "data.remainder=pad would keep it" in text
    assert "bad_audio=drop" in text
    assert len(text.splitlines()) == 1 + 10 + 1 + 1


def test_a_bad_value_in_one_job_of_a_sweep_leaves_the_others_alone(
    said: Said, tmp_path: Path
) -> None:
    text = said("-m", "model=majority", "seed=-1,0")
    assert_short(text)
    assert "job 1, seed=-1: failed" in text
    assert "seed=-1: expected a whole number from 0" in text
    assert "1 of 2 jobs failed. The same command" in text
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "metrics.json").exists()


def test_a_misspelt_option_in_a_sweep_is_found_before_any_job(said: Said, tmp_path: Path) -> None:
    text = said("-m", "model=majority,cave")
    assert_short(text)
    assert "Did you mean cvae?" in text
    assert not folders(tmp_path / "runs")


def test_slurm_without_sbatch_is_named_before_any_job(
    said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = said("-m", "hydra/launcher=slurm", "seed=0,1")
    assert_short(text)
    assert "no sbatch here" in text
    assert "hydra/launcher=parallel" in text


def test_opensmile_that_is_missing_is_named_with_how_to_get_it(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opensmile", None)  # as Python has it where it can't be found
    text = said("model=egemaps_svm")
    assert_short(text)
    assert "pip install 'ser_vae[opensmile]'" in text


def test_a_folder_of_44_classes_is_a_corpus(noises: Path, run_noises: Run, tmp_path: Path) -> None:
    files = sorted(noises.glob("*.wav"))
    for number in range(44 * 4):
        name = tmp_path / "many" / f"emotion{number % 44:02}" / f"{number}.wav"
        name.parent.mkdir(parents=True, exist_ok=True)
        os.link(files[number % len(files)], name)
    metrics = run_noises(
        *(f"corpus.root={tmp_path / 'many'}", "corpus.csv=null", "split.test=0.5"),
        *("training.pretrain.epochs=1", "training.classify.epochs=1", "model.hidden=[16]"),
    )
    (folder,) = folders(tmp_path / "runs")
    assert metrics["counts"]["test"]["utterances"] == 88
    assert len(table(folder / "predictions.csv")[0]) >= 44


OWN = (
    "def read(**settings):\n    return 1 / 0\n\n\ndef folds(*utterances, **settings):\n    read()\n"
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of the user's own, that fails as nobody foresaw."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own_failing.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path / "own")
    return tmp_path / "own"


def test_what_nobody_foresaw_is_short_too_and_its_traceback_is_kept(
    own: Path, command: Command, noise_command: list[str], tmp_path: Path
) -> None:
    path = os.pathsep.join([str(own), os.environ.get("PYTHONPATH", "")])
    done = command(*noise_command, "split._target_=own_failing.folds", PYTHONPATH=path)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    (folder,) = folders(tmp_path / "runs")
    assert f"traceback: {folder / 'error.txt'}" in done.stderr
    assert "error: ZeroDivisionError: division by zero (own_failing.py, read)" in done.stderr
    assert "debug=true shows where" in done.stderr
    assert "ZeroDivisionError" in (folder / "error.txt").read_text()


def test_a_mistake_ends_the_process_with_1(command: Command) -> None:
    done = command("model=cave")
    assert (done.returncode, done.stdout) == (1, "")
    assert_short(done.stderr)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ("corpus._target_=own_failing.read", "return 1 / 0"),
        ("split=session", "in _groups"),
        ("-m split=session seed=0", "in _groups"),
    ],
)
def test_debug_shows_where_an_error_comes_from(said: Said, settings: str, where: str) -> None:
    assert "Traceback" not in said(*settings.split())
    text = said(*settings.split(), "debug=true")
    assert "Traceback" in text
    assert where in text


def test_hydras_own_switch_still_shows_its_traceback(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    text = said("model=cave")
    assert "Traceback" in text
    assert "MissingConfigException" in text


def test_debug_is_no_part_of_a_runs_address(run_noises: Run, tmp_path: Path) -> None:
    run_noises("model=majority")
    run_noises("model=majority", "debug=true")
    assert len(folders(tmp_path / "runs")) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("corpus=urdu corpus.root=/nowhere", ("/nowhere is not a folder", "URDU_ROOT")),
        ("corpus=urdo", ("corpus=urdo", "Did you mean urdu?")),
        ("corpuss=urdu", ("corpuss: no such setting", "Did you mean corpus?")),
        ("jobs=-3", ("jobs=-3: expected a whole number from 1",)),
    ],
)
def test_check_says_what_is_wrong_in_three_lines(
    words: str, expected: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(words.split()) in (1, 2)
    text = capsys.readouterr().err
    assert_short(text)
    assert all(each in text for each in expected)


@pytest.mark.parametrize("name", ["empty", "file", "gone"])
def test_report_says_that_there_is_no_run_and_how_to_make_one(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.main([str(here / name)]) == 1
    text = capsys.readouterr().err
    assert_short(text)
    assert f"{here / name}: expected a folder that runs were written to" in text
    assert "python -m ser_vae.run" in text


@pytest.mark.parametrize(
    ("model", "split", "expected"),
    [
        ("majority", "random", ("model=majority", "nothing to hear", "Give a run of model=ae")),
        ("vae", "random data.length=1000", ("not finished", "Give its command again")),
    ],
)
def test_listen_says_what_it_needs(
    model: str,
    split: str,
    expected: tuple[str, ...],
    said: Said,
    run_noises: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if split == "random":
        run_noises(f"model={model}")
    else:
        said(f"model={model}", *f"split={split}".split())
    (folder,) = folders(tmp_path / "runs")
    assert listen.main([str(folder)]) == 1
    text = capsys.readouterr().err
    assert_short(text)
    assert all(each in text for each in expected)


def test_listen_names_what_is_no_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listen.main([str(here / "empty")]) == 1
    text = capsys.readouterr().err
    assert_short(text)
    assert f"{here / 'empty'} is no run folder" in text
    assert "Give one such as runs/" in text


def test_the_dashboard_names_the_extra_that_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "ser_vae.dashboard.comparison", raising=False)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    assert dashboard.main(["--print", "--group", "demo-random"]) == 1
    text = capsys.readouterr().err
    assert_short(text)
    assert "pip install 'ser_vae[dashboard]'" in text
