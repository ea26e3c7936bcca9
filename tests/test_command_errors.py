"""A mistyped or impossible command is answered in at most three lines that say what to do."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import folders, table

from ser_vae import check
from ser_vae.run import main

ROOTS = ("IEMOCAP_ROOT", "URDU_ROOT", "RAVDESS_ROOT", "FOLDER_ROOT", "HYDRA_FULL_ERROR")
QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none")  # keep pytest's own handlers

# Overrides of a run on the corpus `noises` -> pieces of the message. {files} is the fixture.
COMMAND_LINE = {
    "model=cave": ("model=cave: no such option. Did you mean cvae?", "The options are: ae, cvae,"),
    "logger=[wandb,tensorbord]": ("Did you mean tensorboard?",),
    "modle=vae": ("modle: no such setting", "Did you mean model?"),
    "model=ae model.beta=2": ("model.beta: no such setting.\nAll settings: python -m ser_vae.run",),
    "experiment=table1": ("No match in the defaults list", "use +experiment=table1"),
    "model=ae,vae": ("model=ae,vae: expected one value for one run", "-m"),
    "vae": ("vae: expected key=value, such as model=vae",),
    "corpus.root=/data/it's": ("the value cannot be parsed", "it\\'s"),
    "corpus.root=~/corpora": ("the value cannot be parsed", "\"corpus.root='~/corpora'\""),
}
RUNS = {
    "corpus=iemocap": ("IEMOCAP_ROOT", "corpus.root="),
    "corpus.root={files} corpus.csv=null": ("{files}: expected two or more emotions", ".wav"),
    "corpus.csv={files}/one_speaker.csv split=speaker": ("of one speaker, s0", "split=random"),
    "data=improvised": ("data=improvised", "Use data=complete"),
    "runs={files}/one_speaker.csv": ("{files}/one_speaker.csv", "runs="),
}

ErrorOf = Callable[..., str]


@pytest.fixture
def error_of(noise_command, monkeypatch, capsys) -> ErrorOf:
    """Run the command in this process; return what it prints before it exits with 1."""
    for name in ROOTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)

    def go(*words: str) -> str:
        multirun = [*words[:1]] if words[0] == "-m" else []
        corpus = any(word.startswith("corpus=") for word in words)
        settings = [s for s in noise_command if not (corpus and s.startswith("corpus"))]
        words = words[len(multirun) :]
        monkeypatch.setattr(sys, "argv", ["run", *multirun, *settings, *QUIET, *words])
        with pytest.raises((SystemExit, Exception)) as raised:
            main()
        code = raised.value.code if isinstance(raised.value, SystemExit) else None
        if code is None:
            sys.excepthook(raised.type, raised.value, raised.tb)
        printed = capsys.readouterr().err
        if isinstance(code, str):  # Python prints it, and exits with 1
            return printed + code
        assert code in (None, 1)
        return printed

    return go


@pytest.fixture
def files(noises, tmp_path) -> Path:
    """A folder with a list of the noises that gives all of them one speaker."""
    rows = table(noises / "list.csv")
    lines = [f"{noises / row['path']},{row['emotion']},s0" for row in rows]
    (tmp_path / "one_speaker.csv").write_text("\n".join(["path,emotion,speaker", *lines]) + "\n")
    return tmp_path


def assert_short(text: str) -> None:
    assert "Traceback" not in text
    assert 1 <= len(text.splitlines()) <= 3, text


@pytest.mark.parametrize("overrides", [*COMMAND_LINE, *RUNS])
def test_a_mistake_is_answered_in_three_lines(overrides, error_of, files, monkeypatch):
    monkeypatch.chdir(files)
    text = error_of(*overrides.format(files=files).split())
    assert text.startswith("error: ")
    assert_short(text)
    for piece in {**COMMAND_LINE, **RUNS}[overrides]:
        assert piece.format(files=files) in text


def test_too_short_utterances_are_listed_up_to_ten(error_of):
    text = error_of("data.segment_s=10")
    assert "60 of 60 utterances can't be used" in text
    assert "data.remainder=pad would keep it" in text
    assert "bad_audio=drop" in text
    assert len(text.splitlines()) == 1 + 10 + 1 + 1


def test_an_unknown_option_in_a_sweep_stops_it_before_any_job(error_of, tmp_path):
    text = error_of("-m", "model=majority,cave")
    assert_short(text)
    assert "Did you mean cvae?" in text
    assert not folders(tmp_path / "runs")


def test_slurm_without_sbatch_is_named_before_any_job(error_of, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    text = error_of("-m", "hydra/launcher=slurm", "seed=0,1")
    assert_short(text)
    assert "no sbatch here" in text
    assert "hydra/launcher=parallel" in text


def test_hydras_own_switch_shows_the_traceback(error_of, monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    text = error_of("model=cave")
    assert "Traceback" in text
    assert "MissingConfigException" in text


def test_check_answers_a_mistake_in_the_same_way(capsys):
    assert check.main(["corpus=urdo"]) == 2
    text = capsys.readouterr().err
    assert_short(text)
    assert "Did you mean urdu?" in text
