"""What is scored is what is saved: a loaded recogniser reproduces predictions.csv elsewhere."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io
from run_files import python

from ser_vae import SerVaeError
from ser_vae.evaluation import predictions
from ser_vae.recogniser import ESTIMATOR, JSON, WEIGHTS, Recogniser

# Predicts files in a new process, from copies, so that neither corpus nor configuration is there.
PREDICT = """
import json, sys, torch
from ser_vae.recogniser import Recogniser
torch.set_num_threads(1)
answers = {}
for kind, (model, files, speakers) in json.load(sys.stdin).items():
    recogniser = Recogniser.load(model)
    together = recogniser.predict_files(files, speakers)
    alone = [recogniser.predict(f, speaker=s) for f, s in zip(files, speakers)]
    answers[kind] = [[list(p.probabilities.values()) for p in each] for each in (together, alone)]
assert not {"hydra", "lightning", "omegaconf"} & set(sys.modules), "not needed to predict"
print(json.dumps(answers))
"""

KINDS = {
    "vae": ["model=vae"],
    "ae, normalise=speaker": ["model=ae", "normalise=speaker"],
    "vae, padded and overlapping": ["model=vae", "data.remainder=pad", "data.hop_s=0.05"],
    "vae, fine-tuned": ["model=vae", "training.encoder_lr=1e-3"],
    "vae, bidirectional": ["classifier.bidirectional=true", "classifier.pooling=mean"],
    "vae, functionals, normalise=speaker": ["classifier=functionals", "normalise=speaker"],
    "pca": ["model=pca", "model.latent=8"],
    "logmel_lstm": ["model=logmel_lstm"],
    **{
        f"cvae, {policy}": ["model=cvae", f"label_policy={policy}", "label_policies=headline"]
        for policy in ("marginal", "elbo+lstm", "predicted")
    },
    "cvae": ["model=cvae"],
    "speaker_lookup": ["model=speaker_lookup"],
    "logmel_svm, normalise=speaker": ["model=logmel_svm", "normalise=speaker"],
}
WITH_NOISE = "cvae, elbo+lstm"  # drawn bounds: a file alone gets other noise than in a batch

Answers = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def answers(noises, finished_run, tmp_path_factory) -> Answers:
    """Kind -> probabilities (U, K): written by the run, of its files together, of each alone."""
    root = tmp_path_factory.mktemp("recogniser")
    shutil.copytree(noises, root / "elsewhere")
    questions, written = {}, {}
    for number, (kind, overrides) in enumerate(KINDS.items()):
        _, folder = finished_run(*overrides)
        copy = shutil.copytree(folder / "model", root / f"copy{number}")
        of_run = predictions.read(folder / "predictions.csv")
        files = [str(root / "elsewhere" / name) for name in of_run["utterance"]]
        questions[kind] = [str(copy), files, [*of_run["speaker"]]]
        written[kind] = of_run.filter(regex="^p_").to_numpy()
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)}
    predicted = python("-c", PREDICT, input=json.dumps(questions), env=environment)
    return {
        kind: tuple(map(np.array, (written[kind], *both)))
        for kind, both in json.loads(predicted).items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_recogniser_reproduces_the_predictions(kind, answers):
    written, together, alone = answers[kind]
    assert np.array_equal(together, written)
    if kind != WITH_NOISE:
        np.testing.assert_allclose(alone, written, rtol=0, atol=1e-6)


@pytest.fixture
def trained(finished_run, tmp_path) -> Path:
    """A copy of a run folder, to be damaged."""
    return Path(shutil.copytree(finished_run("model=ae")[1], tmp_path / "run"))


def test_the_document_says_how_it_was_trained_and_scored(trained):
    document = json.loads((trained / "model" / JSON).read_text())
    metrics = json.loads((trained / "metrics.json").read_text())
    assert document["format"] == 1
    assert document["corpus"] == "folder"
    assert document["protocol"] == "random"
    assert document["audit"]["verdict"] == metrics["audit"]["verdict"]
    assert document["scores"]["random/test/ua"] == metrics["random/test/ua"]
    assert document["software"]["torch"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / WEIGHTS).unlink(), "No such file"),
        (lambda folder: (folder / WEIGHTS).write_bytes(b"other"), "altered or damaged"),
        (lambda folder: (folder / JSON).write_text("{"), "malformed, or inconsistent"),
        (lambda folder: (folder / JSON).write_text('{"format": 99}'), "format 99, expected 1"),
        (lambda folder: (folder / JSON).unlink(), "expected a run folder or its model/"),
    ],
)
def test_a_missing_or_altered_file_is_named(trained, damage, message):
    damage(trained / "model")
    with pytest.raises(SerVaeError, match=message):
        Recogniser.load(trained)


def test_a_class_outside_the_package_is_not_loaded_unless_trusted(trained):
    path = trained / "model" / JSON
    document = json.loads(path.read_text())
    document["model"]["_target_"] = "subprocess.Popen"
    path.write_text(json.dumps(document))
    with pytest.raises(SerVaeError, match=r"outside ser_vae: subprocess\.Popen"):
        Recogniser.load(trained)


def test_an_estimator_file_with_code_in_it_is_refused(finished_run, tmp_path):
    folder = Path(shutil.copytree(finished_run("model=logmel_svm")[1], tmp_path / "run"))
    content = skops.io.dumps({"function": subprocess.Popen})
    (folder / "model" / ESTIMATOR).write_bytes(content)
    path = folder / "model" / JSON
    document = json.loads(path.read_text())
    document["checksums"][ESTIMATOR] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(document))
    with pytest.raises(SerVaeError, match="Untrusted types"):
        Recogniser.load(folder)
