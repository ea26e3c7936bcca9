"""The ONNX graph computes what the recogniser computes, and the copied folder is whole."""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from deployed import EMOTIONS, RATE, noise, offline, recogniser
from run_files import python

from ser_vae import SerVaeError, export
from ser_vae.model.logmel_lstm import Identity
from ser_vae.recogniser import JSON, WEIGHTS, Recogniser

ROOT = Path(__file__).parents[1]
KINDS = {
    "ae": ["model=ae"],
    "vae": ["model=vae"],
    "vae, bidirectional": ["model=vae", "classifier.bidirectional=true"],
    "vae, padded, overlapping, mean": [
        *("model=vae", "data.remainder=pad", "data.hop_s=0.07", "classifier.pooling=mean")
    ],
    "pca": ["model=pca", "model.latent=8"],
    "cvae": ["model=cvae"],
    "cvae, marginal": ["model=cvae", "label_policy=marginal"],
    "cvae, predicted": ["model=cvae", "label_policy=predicted"],
}
DURATIONS_S = (0.2, 1.0, 20.0)
WAVEFORM = np.tile(noise(), 16)
Graph = tuple[Recogniser, onnxruntime.InferenceSession]


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def graph_of(tmp_path_factory) -> Callable[[str], Graph]:
    """A recogniser of some kind and its graph, exported once."""

    @cache
    def go(kind: str) -> Graph:
        known = recogniser([WAVEFORM], *KINDS[kind])
        path = tmp_path_factory.mktemp("graph") / "emotion.onnx"
        export.export_onnx(known, path)
        return known, session(path)

    return go


@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_agrees_with_pytorch(kind, graph_of):
    (known, graph), moved = graph_of(kind), []
    for duration_s in DURATIONS_S:
        length = round(duration_s * RATE)
        for batch in (1, 3):
            starts = np.linspace(0, len(WAVEFORM) - length, batch).astype(int)
            recordings = np.stack([WAVEFORM[start : start + length] for start in starts])
            (computed,) = graph.run(None, {"waveform": recordings})
            expected = offline(known, list(recordings))
            np.testing.assert_allclose(computed, expected, rtol=0, atol=1e-4)
            moved.append(expected)
    assert np.ptp(np.concatenate(moved), axis=0).max() > 0.01  # it could have differed


@pytest.fixture
def exported(tmp_path) -> Path:
    """The model folder of an AE."""
    recogniser([noise()], "model=ae").save(tmp_path / "model")
    return tmp_path / "model"


def test_the_documented_example_needs_no_ser_vae(exported, tmp_path):
    assert export.main([str(exported), str(tmp_path / "emotion.onnx"), "--format", "onnx"]) == 0
    soundfile.write(tmp_path / "speech.wav", noise(), RATE, subtype="FLOAT")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/deploy.md").read_text(), re.S)
    (example,) = [block for block in blocks if "onnxruntime" in block]
    assert len(example.splitlines()) <= 11
    check = "\nimport sys\nassert not {'ser_vae', 'torch'} & set(sys.modules)"
    lines = python("-c", example + check, cwd=tmp_path).splitlines()
    printed = dict(line.split("\t") for line in lines)
    expected = Recogniser.load(exported).predict(tmp_path / "speech.wav").probabilities
    assert list(printed) == list(EMOTIONS)
    assert {k: float(v) for k, v in printed.items()} == pytest.approx(expected, abs=1e-3)


def test_the_metadata_says_how_to_use_the_graph(graph_of):
    known, graph = graph_of("cvae, marginal")
    about = graph.get_modelmeta().custom_metadata_map
    assert about["emotions"] == '["angry", "happy", "neutral", "sad"]'
    assert (about["sample_rate"], about["label_policy"]) == ("16000", "marginal")
    shortest = int(about["shortest_samples"])
    graph.run(None, {"waveform": noise()[None, :shortest]})
    assert len(known.extractor(noise()[: shortest - 1])) < known.segmentation.length


def test_what_has_no_graph_is_refused_with_the_reason(tmp_path):
    """For the same reasons as a stream, but for bidirectional classifiers, which have a graph."""
    known = recogniser([noise()], "model=vae", "features.trim_db=40")
    with pytest.raises(SerVaeError, match=r"cannot be exported to ONNX.*loudest frame"):
        export.export_onnx(known, tmp_path / "emotion.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("feature", "reason"),
    [
        (torch.special.bessel_j0, "bessel_j0"),
        (lambda x: x if len(x) > 15 else -x, "gives other probabilities"),  # no trace sees it
    ],
)
def test_a_model_that_onnx_cannot_express_is_refused(feature, reason, tmp_path, monkeypatch):
    known = recogniser([noise()], "model=logmel_lstm")
    monkeypatch.setattr(Identity, "feature", lambda _, x, *__, **___: feature(x))
    with pytest.raises(SerVaeError, match=f"cannot be exported to ONNX.*{reason}"):
        export.export_onnx(known, tmp_path / "emotion.onnx")


def test_the_extra_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SerVaeError, match=r"pip install 'ser_vae\[export\]'"):
        export.export_onnx(recogniser([noise()], "model=ae"), tmp_path / "emotion.onnx")


def test_the_copied_folder_predicts_the_same(exported, tmp_path):
    (exported / "notes.txt").write_text("mine")
    assert export.main([str(exported), str(tmp_path / "copy"), "--format", "folder"]) == 0
    assert sorted(p.name for p in (tmp_path / "copy").iterdir()) == [JSON, WEIGHTS]
    expected = offline(Recogniser.load(exported), [noise()])
    assert np.array_equal(offline(Recogniser.load(tmp_path / "copy"), [noise()]), expected)
