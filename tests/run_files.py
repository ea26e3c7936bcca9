"""Reading what a run left behind."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ser_vae.evaluation import predictions
from ser_vae.recogniser import Recogniser

Weights = Mapping[str, torch.Tensor]

NOT_COMPARED = ("times_s",)
UTTERANCE_VAE = (  # settings of one that is trained in a second
    *("model.training.epochs=12", "model.training.batch_size=16", "model.hidden=[16]"),
    *("model.latent=4", "model.functionals=mean_and_deviation"),
)


def python(*arguments: str, **options: Any) -> str:
    """Return what a new Python prints; show its stderr if it fails."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def folders(runs: Path) -> list[Path]:
    """Every run folder, sorted."""
    return sorted(path.parent for path in runs.glob("*/*/config.yaml"))


def parts(folder: Path) -> list[Path]:
    """What was being written when a process ended."""
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".tmp")]


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def comparable(folder: Path) -> dict[str, Any]:
    """metrics.json without what differs between two runs of one command."""
    metrics = json.loads((folder / "metrics.json").read_text())
    return {key: value for key, value in metrics.items() if key not in NOT_COMPARED}


def assert_same_weights(one: Weights, other: Weights) -> None:
    """Two state dicts hold the same numbers, to the bit."""
    assert one.keys() == other.keys()
    assert not [name for name in one if not torch.equal(one[name], other[name])]


def assert_same_run(one: Path, other: Path) -> None:
    """Two run folders hold the same results, to the bit."""
    assert comparable(one) == comparable(other)
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}
    for path in other.rglob("*.csv"):
        assert (one / path.relative_to(other)).read_bytes() == path.read_bytes(), path.name
    for path in other.glob("*.ckpt"):
        weights = [torch.load(folder / path.name, weights_only=True) for folder in (one, other)]
        assert_same_weights(*weights)


def assert_same_runs(one: Path, other: Path, count: int = 1) -> None:
    """Two folders of runs hold `count` runs each, with the same results."""
    pairs = list(zip(folders(one), folders(other), strict=True))
    assert len(pairs) == count
    for pair in pairs:
        assert_same_run(*pair)


def noise_settings(noises: Path, cache: Path, runs: Path) -> list[str]:
    """Overrides of a run of seconds on the corpus `noises` of tests/conftest.py."""
    return [
        "corpus=folder",
        f"corpus.root={noises}",
        "corpus.csv=list.csv",
        f"cache={cache}",
        f"runs={runs}",
        "training.pretrain.epochs=3",
        "training.pretrain.batch_size=32",
        "training.classify.epochs=10",
        "training.classify.batch_size=16",
        "training.classify.optimizer.lr=0.01",
        "calibrate=false",
        "threads=1",
        "progress=false",
        "logger=none",
        "trainer=cpu",
    ]


def assert_predicts_as_written(
    known: Recogniser, folder: Path, corpus: Path, *, atol: float
) -> None:
    """A loaded model gives what predictions.csv has of the first files of the test set."""
    written = predictions.read(folder / "predictions.csv")
    probabilities = written.filter(regex="^p_").to_numpy()
    for name, expected in zip(written["utterance"][:3], probabilities[:3], strict=True):
        found = known.predict(corpus / name).probabilities
        np.testing.assert_allclose(list(found.values()), expected, rtol=0, atol=atol)


def given_split(
    noises: Path, root: Path, wrong: str = "", sets: Sequence[str] = ("test", "train", "train")
) -> Path:
    """A copy of the noises with a given split; labels of the set `wrong` are turned round."""
    shutil.copytree(noises, root)
    turned = {"calm": "cross", "cross": "gay", "gay": "calm"}
    lines = ["path,emotion,speaker,split"]
    for number, row in enumerate(table(root / "list.csv")):
        part = sets[number % len(sets)]
        emotion = turned[row["emotion"]] if part == wrong else row["emotion"]
        lines.append(f"{row['path']},{emotion},{row['speaker']},{part}")
    (root / "list.csv").write_text("\n".join(lines) + "\n")
    return root
