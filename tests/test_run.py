"""The command: what it leaves behind, and what is another run."""

import json
from itertools import combinations

import pytest
import torch
from run_files import folders, python, table
from threadpoolctl import threadpool_info, threadpool_limits

from ser_vae import pipeline
from ser_vae.evaluation.arrays import Illustrations
from ser_vae.run import configure, run
from ser_vae.run_folder import hashed_settings
from ser_vae.settings import validate


@pytest.mark.parametrize("model", ["ae", "vae", "cvae"])
def test_a_run_leaves_its_documented_files(finished_run, model):
    metrics, folder = finished_run(f"model={model}")
    assert folder.name.startswith(f"{model}-complete-folder-seed0-")
    assert {path.name for path in folder.iterdir()} == {
        *("config.yaml", "command.txt", "split.csv", "audit.json", "metrics.json", "model"),
        *("pretrained.ckpt", "pretrained.json", "pretrain.csv", "classifier.ckpt", "classify.csv"),
        *("predictions.csv", "latents.npz", "training_latents.npz", "illustrations.npz"),
        *(["policies"] if model == "cvae" else []),
    }
    assert json.loads((folder / "audit.json").read_text()) == metrics["audit"]
    pictures = Illustrations.read(folder / "illustrations.npz")
    assert len(pictures.prior) == {"ae": 0, "vae": 1, "cvae": 3}[model]
    assert metrics["counts"]["test"]["utterances"] == 18
    for stage, file in {"pretrain": "pretrained.ckpt", "classify": "classifier.ckpt"}.items():
        weights = torch.load(folder / file, weights_only=True)
        assert metrics["parameters"][stage] == sum(map(torch.numel, weights.values()))
    assert metrics["random/test/ua"] > metrics["majority"]["random/test/ua"] == pytest.approx(1 / 3)


def test_every_utterance_is_in_one_set_and_every_test_utterance_is_predicted_once(finished_run):
    _, folder = finished_run("split.validation=0.2")
    split = table(folder / "split.csv")
    predicted = [row["utterance"] for row in table(folder / "predictions.csv")]
    assert len({row["utterance"] for row in split}) == len(split) == 60
    assert sorted(predicted) == [row["utterance"] for row in split if row["part"] == "test"]
    header = (folder / "classify.csv").read_text().splitlines()[0]
    assert "classify/validation/loss" in header


def test_the_threads_of_numpy_and_scikit_learn_are_limited_as_those_of_pytorch(run_noises):
    """Beside busy processes, two threads of a linear algebra library are 25 times slower."""
    with threadpool_limits(2):
        run_noises("model=majority")
        assert {library["num_threads"] for library in threadpool_info()} == {1}


def test_a_finished_command_answers_at_once_and_force_starts_over(
    run_noises, noise_command, tmp_path, monkeypatch, capsys
):
    first = run_noises("model=majority")
    (folder,) = folders(tmp_path / "runs")
    made = (folder / "metrics.json").stat().st_mtime_ns
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "execute", None)
        assert run_noises("model=majority") == first
    lines = capsys.readouterr().out.splitlines()
    half = len(lines) // 2
    assert lines[:half] == lines[half:]  # the classes, the scores, and the folder
    code = "import sys; from ser_vae.run import configure, run, validate; "
    code += "validate(configure('model=cvae', 'corpus=iemocap', 'corpus.root=/nowhere')); "
    code += "run(configure(*sys.argv[1:])); sys.exit('torch' in sys.modules)"
    python("-c", code, *noise_command, "model=majority", timeout=60)
    assert (folder / "metrics.json").stat().st_mtime_ns == made
    run_noises("model=majority", "force=true")
    assert folders(tmp_path / "runs") == [folder]
    assert (folder / "metrics.json").stat().st_mtime_ns > made


def test_every_setting_that_changes_results_is_part_of_the_address(noise_command):
    changes = (
        *("seed=1", "model=ae", "normalise=none", "classifier.hidden=8", "data.hop_s=0.05"),
        *("features.floor=1e-4", "training.pretrain.epochs=7", "label_policies=headline"),
    )
    addresses = [
        hashed_settings(validate(configure(*noise_command, *change)))
        for change in ([], *([each] for each in changes))
    ]
    assert all(one != other for one, other in combinations(addresses, 2))


def test_a_changed_corpus_is_another_run_and_a_moved_one_is_not(run_noises, own_noises, tmp_path):
    def count_runs(*overrides: str) -> int:
        run_noises("model=majority", *overrides)
        return len(folders(tmp_path / "runs"))

    assert count_runs() == 1
    more = ("jobs=1", "logger=csv", "max_batch_segments=100", "memory_gb=1", "threads=2")
    assert count_runs(f"corpus.root={own_noises}", *more) == 1
    audio = bytearray((own_noises / "calm00.wav").read_bytes())
    audio[-2:] = bytes([audio[-2] ^ 1, audio[-1]])
    (own_noises / "calm00.wav").write_bytes(audio)
    assert count_runs(f"corpus.root={own_noises}") == 2
    listed = (own_noises / "list.csv").read_text()
    (own_noises / "list.csv").write_text(listed.replace("calm00.wav,calm", "calm00.wav,cross"))
    assert count_runs(f"corpus.root={own_noises}") == 3


def test_synthetic_speech_is_mentioned_first_and_beside_the_score(cache, tmp_path, capsys):
    settings = ("corpus=demo", "model=majority", "data=improvised", "logger=none", "progress=false")
    metrics = run(configure(*settings, f"cache={cache}", f"runs={tmp_path}"))
    text = capsys.readouterr().out
    assert text.startswith("corpus demo: synthetic speech")
    assert "synthetic" in text.partition("random/test/ua")[2]
    assert metrics["synthetic"] is True
