"""The examples of the guides for models, front ends and corpora of your own run as printed."""

import json
import re
import sys
from pathlib import Path

import pytest
from run_files import assert_predicts_as_written, folders

from ser_vae.recogniser import Recogniser
from ser_vae.report.__main__ import main as report
from ser_vae.run import configure, run
from ser_vae.settings import build, validate
from ser_vae.training.label_policy import POLICIES, USES_BOUNDS

GUIDES = Path(__file__).parents[1] / "docs/how-to"


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / guide).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def options(tmp_path, monkeypatch) -> Path:
    """The folder of the guides: modules, which can be imported, and options/."""
    model, front_end = blocks("own-model.md", "python")
    (reader,) = blocks("own-corpus.md", "python")
    modules = {"my_model": model, "my_features": front_end, "my_corpus": reader}
    linear, energies = blocks("own-model.md", "yaml")
    (mine,) = blocks("own-corpus.md", "yaml")
    files = {"model/linear": linear, "features/energies": energies, "corpus/mine": mine}
    for name, code in modules.items():
        (tmp_path / f"{name}.py").write_text(code)
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name, text in files.items():
        path = tmp_path / f"options/{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "options"


def test_the_front_end_of_the_guide_goes_through_runs_their_models_and_the_report(
    options, noise_command, noises, tmp_path
):
    """With a model of the guide and two of the package."""
    for model, ua in {"linear": 0, "vae": 1 / 3, "logmel_svm": 1 / 3}.items():
        command = (*noise_command, f"model={model}", "features=energies")
        assert run(configure(*command, config_dir=options))["random/test/ua"] > ua
    made = folders(tmp_path / "runs")
    assert len(made) == 3
    for folder in made:
        assert not (folder / "illustrations.npz").exists()
        document = json.loads((folder / "model" / "recogniser.json").read_text())
        assert document["segmentation"] == {"length": 5, "hop": 5, "remainder": "drop"}
        known = Recogniser.load(folder, trust=["my_features.Energies", "my_model.Linear"])
        assert_predicts_as_written(known, folder, noises, atol=1e-6)
    assert report([str(tmp_path / "runs"), "--html"]) == 0
    assert (tmp_path / "runs" / "report.html").stat().st_size > 1000


def test_a_conditional_model_of_ones_own_reports_policies_without_bounds(options, noise_command):
    file = options.parent / "my_model.py"
    file.write_text(file.read_text().replace("conditional = False", "conditional = True"))
    brief = ("training.pretrain.epochs=2", "training.classify.epochs=2", "label_policies=all")
    metrics = run(configure(*noise_command, "model=linear", *brief, config_dir=options))
    assert metrics["probes"]["latents"]["emotion"]["score"] > 0
    assert set(metrics["policies"]) == set(POLICIES) - set(USES_BOUNDS)


def test_the_reader_of_the_guide_reads_names_of_files(options, tmp_path):
    for name in ("anna_happy_01", "anna_sad_01", "ben_happy_01"):
        (tmp_path / f"{name}.wav").touch()
    settings = validate(configure("corpus=mine", f"corpus.root={tmp_path}", config_dir=options))
    corpus = build(settings.corpus)
    assert corpus.emotions == ("happy", "sad")
    assert [u.speaker for u in corpus.utterances] == ["anna", "anna", "ben"]
