"""A mistyped or impossible command is answered in at most three lines that say what to do."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from run_files import Command, Run, folders, noise_settings, table

from ser_vae import check
from ser_vae.model.vae import VAE
from ser_vae.report import __main__ as report
from ser_vae.run import configure, main, run
from ser_vae.training import weights

ROOTS = ("IEMOCAP_ROOT", "URDU_ROOT", "RAVDESS_ROOT", "FOLDER_ROOT", "HYDRA_FULL_ERROR")
QUIET = ("hydra/job_logging=none", "hydra/hydra_logging=none")  # keep pytest's own handlers

# Overrides of a run on the corpus `noises` -> pieces of the message. {files} is the fixture.
COMMAND_LINE = {
    "model=cave": ("model=cave: no such option. Did you mean cvae?", "The options are: ae, cvae,"),
    "logger=[wandb,tensorbord]": ("Did you mean tensorboard?",),
    "modle=vae": ("modle: no such setting", "Did you mean model?"),
    "model=ae model.beta=2": ("model.beta: no such setting.\nAll settings: python -m ser_vae.run",),
    "experiment=table1": ("experiment: expected a group with a default", "+experiment=…"),
    "model=ae,vae": ("model=ae,vae: expected one value for one run", "-m"),
    "vae": ("vae: expected key=value, such as model=vae",),
    "--model cvae": ("--model cvae: expected settings such as model=vae",),
    "model=ae -m seed=0,1": ("seed=0,1: expected settings", "-m before them"),
    "corpus.root=~/corpora": ("the value cannot be parsed", "\"corpus.root='~/corpora'\""),
}
RUNS = {
    "corpus=iemocap": ("IEMOCAP_ROOT", "corpus.root="),
    "corpus=urdu corpus.root=/nowhere": ("/nowhere is not a folder", "URDU_ROOT"),
    "corpus.root={files} corpus.csv=null": ("{files}: expected two or more emotions", ".wav"),
    "corpus.csv={files}/one_speaker.csv split=speaker": ("of one speaker, s0", "split=random"),
    "corpus.csv={files}/one_class.csv": ("expected two or more emotions", "column emotion"),
    "data=improvised": ("data=improvised", "Use data=complete"),
    "training.pretrain.optimizer.lr=1e9": ("pretrain, epoch 0", "lower its optimizer.lr"),
    "training.pretrained={files}/small.ckpt": ("{files}/small.ckpt", "Give the pretrained.ckpt"),
    "runs={files}/small.ckpt": ("{files}/small.ckpt", "runs="),
}

ErrorOf = Callable[..., str]


@pytest.fixture(scope="session")
def _features(noises: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Features of the noises: computing them later would draw a bar among the lines.

    Digests of files this new are not kept, as they may still change: wait until they are.
    """
    newest_ns = max(path.stat().st_ctime_ns for path in noises.rglob("*"))
    time.sleep(max(0, 1.1 * 2 * 10**9 - (time.time_ns() - newest_ns)) / 1e9)
    settings = noise_settings(noises, cache, tmp_path_factory.mktemp("runs"))
    run(configure(*settings, "model=majority"))


@pytest.fixture
def error_of(
    _features: None,
    noise_command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> ErrorOf:
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
        if isinstance(raised.value, SystemExit):
            assert raised.value.code == 1
        else:
            sys.excepthook(raised.type, raised.value, raised.tb)
        return capsys.readouterr().err

    return go


@pytest.fixture(scope="session")
def files(noises: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two unusable lists of the noises and a checkpoint of another size."""
    folder = tmp_path_factory.mktemp("files")
    listed = table(noises / "list.csv")
    rows = [(noises / row["path"], row["emotion"], row["speaker"]) for row in listed]
    one_speaker = [f"{path},{emotion},s0" for path, emotion, _ in rows]
    one_class = [f"{path},calm,{speaker}" for path, _, speaker in rows]
    for name, lines in (("one_speaker", one_speaker), ("one_class", one_class)):
        text = "\n".join(["path,emotion,speaker", *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text)
    small = VAE(input_size=800, num_classes=3, hidden=[4], latent=2, activation="relu", beta=1.0)
    weights.save(small, folder / "small.ckpt")
    return folder


def assert_short(text: str) -> None:
    assert "Traceback" not in text
    assert 1 <= len(text.splitlines()) <= 3, text


@pytest.mark.parametrize("overrides", [*COMMAND_LINE, *RUNS])
def test_a_mistake_is_answered_in_three_lines_with_a_remedy(
    overrides: str, error_of: ErrorOf, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    text = error_of(*overrides.format(files=files).split())
    assert text.startswith("error: ")
    assert_short(text)
    for piece in {**COMMAND_LINE, **RUNS}[overrides]:
        assert piece.format(files=files) in text


def test_a_mistake_ends_the_process_with_1(command: Command) -> None:
    done = command("model=cave")
    assert (done.returncode, done.stdout) == (1, "")
    assert_short(done.stderr)


def test_too_short_utterances_are_listed_up_to_ten(error_of: ErrorOf) -> None:
    text = error_of("data.segment_s=10")
    assert "60 of 60 utterances can't be used" in text
    assert "data.remainder=pad would keep it" in text
    assert "bad_audio=drop" in text
    assert len(text.splitlines()) == 1 + 10 + 1 + 1


def test_an_invalid_setting_of_one_job_leaves_the_others_alone(
    error_of: ErrorOf, tmp_path: Path
) -> None:
    text = error_of("-m", "model=majority", "seed=-1,0")
    assert "job 1, seed=-1: failed" in text
    assert "seed=-1: expected 0 or more, got -1." in text
    assert "1 of 2 done, 1 failed. Repeat the command" in text
    (folder,) = folders(tmp_path / "runs")
    assert (folder / "metrics.json").exists()


def test_an_unknown_option_in_a_sweep_stops_it_before_any_job(
    error_of: ErrorOf, tmp_path: Path
) -> None:
    text = error_of("-m", "model=majority,cave")
    assert_short(text)
    assert "Did you mean cvae?" in text
    assert not folders(tmp_path / "runs")


def test_slurm_without_sbatch_is_named_before_any_job(
    error_of: ErrorOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = error_of("-m", "hydra/launcher=slurm", "seed=0,1")
    assert_short(text)
    assert "no sbatch here" in text
    assert "hydra/launcher=parallel" in text


def test_a_folder_of_44_classes_is_a_corpus(noises: Path, run_noises: Run, tmp_path: Path) -> None:
    audio = sorted(noises.glob("*.wav"))
    for number in range(44 * 4):
        name = tmp_path / "many" / f"emotion{number % 44:02}" / f"{number}.wav"
        name.parent.mkdir(parents=True, exist_ok=True)
        os.link(audio[number % len(audio)], name)
    metrics = run_noises(
        *(f"corpus.root={tmp_path / 'many'}", "corpus.csv=null", "split.test=0.5"),
        *("training.pretrain.epochs=1", "training.classify.epochs=1", "model.hidden=[16]"),
    )
    (folder,) = folders(tmp_path / "runs")
    assert metrics["counts"]["test"]["utterances"] == 88
    assert len(table(folder / "predictions.csv")[0]) >= 44


def test_hydras_own_switch_shows_the_traceback(
    error_of: ErrorOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    text = error_of("model=cave")
    assert "Traceback" in text
    assert "MissingConfigException" in text


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ("corpus=urdu corpus.root=/nowhere", ("/nowhere is not a folder", "URDU_ROOT")),
        ("corpus=urdo", ("corpus=urdo", "Did you mean urdu?")),
        ("jobs=-3", ("jobs=-3: expected 1 or more",)),
    ],
)
def test_check_says_what_is_wrong_in_three_lines(
    overrides: str, expected: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.main(overrides.split()) in (1, 2)
    text = capsys.readouterr().err
    assert_short(text)
    assert all(each in text for each in expected)


def test_report_says_that_there_is_no_run_and_how_to_make_one(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report.main([str(files)]) == 1
    text = capsys.readouterr().err
    assert_short(text)
    assert f"{files}: this folder has no run." in text
    assert "python -m ser_vae.run" in text
