"""What is pushed to the Hub: a whole model, and a card that says how far to trust it."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx2
import huggingface_hub
import numpy as np
import pytest
from deployed import ABOUT, noise, offline, recogniser
from huggingface_hub import ModelCard
from huggingface_hub.utils import filter_repo_objects

from ser_vae import SerVaeError, share
from ser_vae.recogniser import JSON, WEIGHTS, Recogniser

NAME = "user/emotion"


@pytest.fixture
def model(tmp_path) -> Path:
    """The model folder of an AE that has no graph, which takes seconds to export."""
    recogniser([noise()], "model=ae", "features.trim_db=40").save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    """Work in an empty folder, without a token and without the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    monkeypatch.setattr(huggingface_hub, "HfApi", None)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", None)


def log_in(monkeypatch: pytest.MonkeyPatch, **api: Any) -> None:
    """Have a token, and an interface of the Hub with these methods alone."""
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "token")
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: SimpleNamespace(**api))


def written_card(model: Path, **about: Any) -> ModelCard:
    """Read the card of a model whose `about` is changed, as the Hub's own library reads it."""
    known = replace(Recogniser.load(model), about={**ABOUT, **about})
    return ModelCard(share.card(known, NAME, ""))


def test_without_a_token_the_folder_of_a_run_is_written_and_loads(finished_run, tmp_path, capsys):
    metrics, run = finished_run("model=vae")
    (tmp_path / NAME).mkdir(parents=True)
    (tmp_path / NAME / "estimator.skops").touch()  # of another model that had this name
    assert share.main([str(run), NAME]) == 0
    assert "written to user/emotion, not pushed: no token" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / NAME).iterdir())
    assert names == sorted(["README.md", "model.onnx", JSON, WEIGHTS])
    loaded = Recogniser.load(NAME)  # the local folder of that name, not the Hub
    assert np.array_equal(offline(loaded, [noise()]), offline(Recogniser.load(run), [noise()]))
    card = (tmp_path / NAME / "README.md").read_text()
    assert metrics["run"] in card
    assert f"| UA | {100 * metrics['random/test/ua']:.1f} % | " in card


def test_the_card_is_valid_and_holds_what_one_must_know(model):
    card = written_card(model)
    card.data.to_yaml()
    assert card.data.library_name == "ser_vae"
    assert card.data.pipeline_tag == "audio-classification"
    results = {each.metric_name: each.metric_value for each in card.data.eval_results}
    assert results == {"UA": 0.6, "WA": 0.62}
    for text in (
        "# user/emotion\n",
        "Recognises angry, happy, neutral, sad in speech. AE of the package",
        "| UA | 60.0 % | 55.0 % to 65.0 % over utterances | 25.0 % |",
        "| WA | 62.0 % | | 29.0 % |",
        "| neutral | 40.0 % |",
        "**Audit of the split: SHARED.** All 24 test speakers are in train.",
        "- 2 unusable utterances left out\n",
        "- Speakers who are not in its training set.",
        "CC BY-NC-SA 4.0",
        'ser_vae.load("user/emotion")',
        "Protocol `random`.",
        "`model.onnx` needs no ser_vae",
    ):
        assert text in card.content
    assert "\n\n\n" not in card.content
    assert "Synthetic" not in card.content


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({"synthetic": True}, "**Synthetic speech.**"),
        ({"corpus": "ravdess8"}, "CC BY-NC-SA 4.0"),
        ({"corpus": "mine"}, "The licence of the corpus mine is not known"),
        ({"scores": {**ABOUT["scores"], "random/test/recall": {"sad": None}}}, "| sad | – |"),
        ({"fold": 2}, "Protocol `random`, fold 2."),
        ({"counts": {"test": {"utterances": 120, "speakers": 24}}}, "Test set: 120 utterances, 24"),
    ],
)
def test_the_card_follows_the_run(about, text, model):
    assert text in written_card(model, **about).content


def test_a_model_without_a_graph_says_why(model, tmp_path):
    share.write_folder(model, NAME, tmp_path / "out")
    assert not (tmp_path / "out" / "model.onnx").exists()
    assert "There is no ONNX file. This model cannot" in (tmp_path / "out/README.md").read_text()


def test_with_a_token_the_folder_is_pushed(model, tmp_path, monkeypatch):
    calls: list[Any] = []
    (tmp_path / "out" / "listen").mkdir(parents=True)
    (tmp_path / "out" / "listen" / "recording.wav").touch()

    def upload(
        *, repo_id: str, folder_path: Path, allow_patterns: list[str], delete_patterns: list[str]
    ) -> None:
        assert delete_patterns == ["model.onnx", "estimator.skops"]
        files = [str(p.relative_to(folder_path)) for p in folder_path.rglob("*") if p.is_file()]
        pushed = sorted(filter_repo_objects(files, allow_patterns=allow_patterns))
        calls.append(("upload", repo_id, pushed))

    def create(name: str, **options: Any) -> None:
        calls.append(("create", name, options["private"]))

    log_in(monkeypatch, create_repo=create, upload_folder=upload)
    assert share.main([str(model), NAME, "--private", "--out", str(tmp_path / "out")]) == 0
    assert calls == [("create", NAME, True), ("upload", NAME, ["README.md", JSON, WEIGHTS])]


def test_a_model_can_be_shared_from_its_own_folder_again(finished_run, tmp_path):
    _, run = finished_run("model=logmel_svm")
    shutil.copytree(run / "model", tmp_path / NAME)
    with pytest.raises(SerVaeError, match="expected a run folder"):
        share.write_folder(tmp_path / "nothing", NAME, tmp_path / NAME)
    before = (tmp_path / NAME / JSON).read_bytes()
    outside = before.replace(b"ser_vae.features.logmel.LogMel", b"outside.LogMel")
    shutil.copytree(tmp_path / NAME, tmp_path / "outside")
    (tmp_path / "outside" / JSON).write_bytes(outside)
    with pytest.raises(SerVaeError, match=r"--trust outside\.LogMel"):
        share.write_folder(tmp_path / "outside", NAME, tmp_path / NAME)
    assert (tmp_path / NAME / JSON).read_bytes() == before
    share.write_folder(tmp_path / NAME, NAME, tmp_path / NAME)
    assert Recogniser.load(tmp_path / NAME).emotions


def test_without_a_network_the_folder_is_written_and_the_exit_code_is_1(model, monkeypatch, capsys):
    log_in(monkeypatch, create_repo=mock.Mock(side_effect=httpx2.ConnectError("no route")))
    assert share.main([str(model), NAME]) == 1
    assert "written to user/emotion, not pushed: ConnectError: no route" in capsys.readouterr().err
    assert Path(NAME, "README.md").exists()


def test_a_name_on_the_hub_is_downloaded_and_verified(model, tmp_path, monkeypatch):
    snapshot = shutil.copytree(model, tmp_path / "snapshot")
    asked = []

    def download(name: str, *, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    Recogniser.load("someone/emotion")
    ((name, patterns),) = asked
    assert name == "someone/emotion"
    assert not [pattern for pattern in patterns if "*" in pattern or pattern.endswith(".py")]
    (snapshot / WEIGHTS).write_bytes(b"other")
    with pytest.raises(SerVaeError, match="altered or damaged"):
        Recogniser.load("someone/emotion")


def test_a_name_that_is_nowhere_is_an_error_with_both_places(monkeypatch):
    def download(*_: Any, **__: Any) -> str:
        raise FileNotFoundError("no such repository")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(SerVaeError, match=r"no such folder here, and .* Hub: no such repository"):
        Recogniser.load("someone/none")
    with pytest.raises(SerVaeError, match="expected a run folder"):
        Recogniser.load("runs/random/none")  # three parts are no name on the Hub
