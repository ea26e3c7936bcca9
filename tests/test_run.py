"""The command: what it leaves behind, and what is another run."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from run_files import Command, Run, folders, table

from ser_vae import pipeline


@pytest.mark.parametrize("model", ["ae", "vae", "cvae"])
def test_a_run_leaves_its_documented_files(run_noises: Run, tmp_path: Path, model: str) -> None:
    metrics = run_noises(f"model={model}")
    (folder,) = folders(tmp_path / "runs")
    assert folder.name.startswith(f"{model}-complete-folder-seed0-")
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml",
        "command.txt",
        "split.csv",
        "audit.json",
        "pretrained.ckpt",
        "pretrained.json",
        "pretrain.csv",
        "classifier.ckpt",
        "classify.csv",
        "predictions.csv",
        "latents.npz",
        "training_latents.npz",
        "illustrations.npz",
        "metrics.json",
        "model",
        *(["policies"] if model == "cvae" else []),
    }
    assert json.loads((folder / "audit.json").read_text()) == metrics["audit"]
    assert metrics["counts"]["test"]["utterances"] == 18
    for stage, file in {"pretrain": "pretrained.ckpt", "classify": "classifier.ckpt"}.items():
        weights = torch.load(folder / file, weights_only=True)
        assert metrics["parameters"][stage] == sum(map(torch.numel, weights.values()))
    assert metrics["random/test/ua"] > metrics["majority"]["random/test/ua"] == pytest.approx(1 / 3)


def test_every_utterance_is_in_one_set_and_every_test_utterance_is_predicted_once(
    run_noises: Run, tmp_path: Path
) -> None:
    run_noises("split.validation=0.2")
    (folder,) = folders(tmp_path / "runs")
    split = table(folder / "split.csv")
    predicted = [row["utterance"] for row in table(folder / "predictions.csv")]
    assert len({row["utterance"] for row in split}) == len(split) == 60
    assert sorted(predicted) == [row["utterance"] for row in split if row["part"] == "test"]
    header = (folder / "classify.csv").read_text().splitlines()[0]
    assert "classify/validation/loss" in header


def test_seed_zero_is_a_seed(run_noises: Run, tmp_path: Path) -> None:
    run_noises("seed=0")
    run_noises("seed=1")
    zero, one = folders(tmp_path / "runs")
    assert (zero / "split.csv").read_text() != (one / "split.csv").read_text()


def test_a_finished_command_answers_at_once(
    run_noises: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_noises()
    monkeypatch.setattr(pipeline, "execute", None)
    assert run_noises() == first
    lines = capsys.readouterr().out.splitlines()
    half = len(lines) // 2
    assert lines[:half] == lines[half:]  # the classes, the scores, and the folder


def test_a_finished_command_does_not_wait_for_torch(
    run_noises: Run, noise_command: list[str]
) -> None:
    run_noises()
    code = "import sys; from ser_vae.run import configure, run; run(configure(*sys.argv[1:]))"
    code += "; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, *noise_command], check=True, timeout=60)


def test_force_starts_over(run_noises: Run, tmp_path: Path) -> None:
    run_noises()
    (folder,) = folders(tmp_path / "runs")
    before = (folder / "metrics.json").stat().st_mtime_ns
    run_noises("force=true")
    assert folders(tmp_path / "runs") == [folder]
    assert (folder / "metrics.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",
        "model=ae",
        "normalise=none",
        "classifier.hidden=8",
        "data.hop_s=0.05",
        "features.floor=1e-4",
    ],
)
def test_every_setting_has_its_own_folder(run_noises: Run, tmp_path: Path, change: str) -> None:
    run_noises("training.pretrain.epochs=1", "training.classify.epochs=1")
    run_noises("training.pretrain.epochs=1", "training.classify.epochs=1", change)
    assert len(folders(tmp_path / "runs")) == 2


def test_places_and_loggers_are_not_part_of_the_address(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    run_noises()
    shutil.copytree(noises, tmp_path / "copy")
    run_noises(f"corpus.root={tmp_path / 'copy'}", "jobs=1", "logger=csv")
    assert len(folders(tmp_path / "runs")) == 1


def test_a_changed_corpus_is_another_run(run_noises: Run, noises: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    run_noises(f"corpus.root={copy}")
    listed = (copy / "list.csv").read_text()
    (copy / "list.csv").write_text(listed.replace("calm00.wav,calm", "calm00.wav,cross"))
    run_noises(f"corpus.root={copy}")
    assert len(folders(tmp_path / "runs")) == 2


@pytest.mark.slow
def test_without_iemocap_the_first_line_says_that_the_speech_is_synthetic(
    cache: Path, tmp_path: Path, command: Command
) -> None:
    result = command(
        f"cache={cache}",
        f"runs={tmp_path}",
        "model=cvae",
        "data=improvised",
        "logger=none",
        "training.pretrain.epochs=1",
        "training.classify.epochs=1",
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("corpus demo: synthetic speech")
    assert "synthetic" in result.stdout.partition("random/test/ua")[2]  # beside the score, too
    (folder,) = folders(tmp_path)
    assert json.loads((folder / "metrics.json").read_text())["synthetic"] is True


def test_other_audio_of_the_same_size_is_another_run(
    run_noises: Run, noises: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(noises, copy)
    run_noises(f"corpus.root={copy}")
    audio = bytearray((copy / "calm00.wav").read_bytes())
    audio[-2:] = bytes([audio[-2] ^ 1, audio[-1]])
    (copy / "calm00.wav").write_bytes(audio)
    run_noises(f"corpus.root={copy}")
    assert len(folders(tmp_path / "runs")) == 2
