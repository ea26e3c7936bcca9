"""Run folders as a run leaves them, written without running anything."""

import copy
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

from ser_vae.evaluation import predictions
from ser_vae.evaluation.predictions import Predictions
from ser_vae.report.collect import collect
from ser_vae.report.record import Run
from ser_vae.run import configure

compose = functools.cache(configure)


class Study:
    """A folder of runs; each call of `run` adds one, and returns where it lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        *overrides: str,
        corpus: str = "urdu",
        seed: int = 0,
        ua: float = 0.5,
        wa: float = 0.5,
        state: str = "finished",
        said: Predictions | None = None,
        policies: Mapping[str, Predictions] | None = None,
        **metrics: Any,
    ) -> Path:
        """`said` becomes predictions.csv, and the scores are its own; so do `policies`."""
        options = [] if any(o.startswith("corpus=") for o in overrides) else ["corpus=urdu"]
        config = copy.deepcopy(compose(*options, *overrides)) | {"seed": seed}
        choice = config["choice"]
        fold = "" if config["fold"] is None else f"-fold{config['fold']}"
        name = f"{choice['model']}-{choice['data']}-{corpus}{fold}-seed{seed}-{len(self.all):08x}"
        folder = self.folder / choice["split"] / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
        if state == "finished":
            at, found = f"{choice['split']}/test/", measured(config, corpus, ua, wa)
            if said:
                predictions.write(folder / "predictions.csv", said)
                found |= scored(said, at)
            if any_said := said or next(iter((policies or {}).values()), None):
                found["counts"] = {"test": {"utterances": len(any_said.utterance)}}
            for policy, own in (policies or {}).items():
                predictions.write(folder / "policies" / f"{policy}.csv", own)
                found.setdefault("policies", {})[policy] = {
                    **scored(own, at),
                    "leaks": policy == "oracle",
                }
            (folder / "metrics.json").write_text(json.dumps(found | metrics))
        return folder

    @property
    def all(self) -> list[Path]:
        return list(self.folder.glob("*/*"))

    @property
    def runs(self) -> list[Run]:
        return collect(self.folder)[0]


def measured(config: dict[str, Any], corpus: str, ua: float, wa: float) -> dict[str, Any]:
    """The contents of metrics.json, as far as a report looks at them."""
    choice = config["choice"]
    at = f"{choice['split']}/test/"
    return {
        "run": "of the tests",
        "corpus": corpus,
        "synthetic": False,
        "leaks": False,
        "material": f"of {choice['data']}",
        "caveats": [],
        "emotions": ["neutral", "angry"],
        "folds": 5 if config["fold"] is not None else 1,
        **{at + "ua": ua, at + "wa": wa, at + "macro_f1": 0.4, at + "confusion": [[9, 1], [2, 8]]},
        "majority": {
            **{at + "ua": 0.5, at + "wa": 0.625, at + "macro_f1": 0.1},
            at + "confusion": [[10, 0], [10, 0]],
        },
        "test_speakers": 10,
        "test_speakers_in_train": 8,
        "counts": {"test": {"utterances": 120}},
    }


def scored(said: Predictions, at: str) -> dict[str, Any]:
    """By scikit-learn, and two figures that can be told from all others."""
    truth, guess = said.truth, said.guess
    labels = range(len(said.emotions))
    return {
        at + "ua": balanced_accuracy_score(truth, guess),
        at + "wa": float(np.mean(truth == guess)),
        at + "macro_f1": f1_score(truth, guess, average="macro", labels=labels),
        at + "confusion": confusion_matrix(truth, guess, labels=labels).tolist(),
        at + "nll": 0.875,
        at + "ece": 0.0625,
    }


def heard(
    share: float,
    *,
    seed: int = 0,
    speakers: range = range(12),
    emotions: tuple[str, ...] = ("neutral", "angry"),
    each: int = 10,
    order: int = 0,
) -> Predictions:
    """What a model says that is right for a `share` of the utterances; `order` draws which."""
    names = [(f"s{speaker:02d}", turn) for speaker in speakers for turn in range(each)]
    truth = np.array([turn % len(emotions) for _, turn in names])
    drawn = np.random.default_rng([seed, order]).permutation(len(names))
    guess = np.where(drawn < share * len(names), truth, (truth + 1) % len(emotions))
    probability = np.full((len(names), len(emotions)), 0.3 / (len(emotions) - 1))
    probability[np.arange(len(names)), guess] = 0.7
    return Predictions(
        emotions,
        tuple(f"seed{seed}_{speaker}_{turn}" for speaker, turn in names),
        tuple(speaker for speaker, _ in names),
        tuple("" for _ in names),
        truth,
        probability,
    )


@pytest.fixture(name="heard")
def heard_() -> Callable[..., Predictions]:
    return heard


@pytest.fixture
def sick() -> Callable[..., dict[str, Any]]:
    """What metrics.json says of a VAE's health."""

    def health(*, collapsed: bool = False, **other: Any) -> dict[str, Any]:
        measured = {
            "relative_error": 0.125,
            "kl": 25.5,
            "kl_per_dimension": [0.2] * 128,
            "active_units": 117,
            "latent": 128,
            "log_likelihood": -812.25,
            "mutual_information": 5.25,
            "segments": 1024,
            "part": "test",
            "sentence": "No collapse.",
        }
        return measured | {"collapsed": collapsed} | other

    return health


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "runs")


@pytest.fixture
def table_1(study: Study) -> Callable[..., Study]:
    """Add the whole of the paper's grid, two seeds a cell, of scores that all differ."""

    def add(*overrides: str, corpus: str, **metrics: Any) -> Study:
        for d, data in enumerate(("improvised", "scripted", "complete")):
            for m, model in enumerate(("ae", "vae", "cvae")):
                for seed in (0, 1):
                    ua = 0.4 + 0.09 * d + 0.03 * m + 0.0123 * seed
                    options = (f"data={data}", f"model={model}", *overrides)
                    study.run(*options, corpus=corpus, seed=seed, ua=ua, wa=ua + 0.011, **metrics)
        return study

    return add
