"""Reading what a run left behind."""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ser_vae.evaluation import predictions
from ser_vae.recogniser import Recogniser

Run = Callable[..., dict[str, Any]]

NOT_COMPARED = ("times_s",)


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


def assert_same_weights(one: Path, other: Path) -> None:
    """Two checkpoints hold the same numbers, to the bit."""
    weights = [torch.load(path, weights_only=True) for path in (one, other)]
    assert weights[0].keys() == weights[1].keys()
    assert not [name for name in weights[0] if not torch.equal(weights[0][name], weights[1][name])]


def assert_same_run(one: Path, other: Path) -> None:
    """Two run folders hold the same results, to the bit."""
    assert comparable(one) == comparable(other)
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}
    for path in other.rglob("*.csv"):
        assert (one / path.relative_to(other)).read_bytes() == path.read_bytes(), path.name
    for path in other.glob("*.ckpt"):
        assert_same_weights(one / path.name, path)


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
    for name, expected in zip(written.utterance[:3], written.probability[:3], strict=True):
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
