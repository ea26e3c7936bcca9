"""Run folders with the files of a real run, written without running anything."""

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from composed import composed
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from whole import illustrations

from ser_vae.evaluation.arrays import Latents
from ser_vae.evaluation.predictions import PROBABILITY, emotions_of
from ser_vae.report.runs import load_runs
from ser_vae.report.scores import Results, compute_results
from ser_vae.run_folder import RunFolder

EMOTIONS = ("neutral", "angry")
NETWORKS = ("ae", "vae", "cvae", "logmel_lstm")


class Study:
    """A folder of runs; each call of `run` adds one and returns its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self,
        *overrides: str,
        corpus: str = "urdu",
        seed: int = 0,
        accuracy: float = 0.5,
        guesses: pd.DataFrame | None = None,
        policies: Mapping[str, pd.DataFrame] | None = None,
        state: str = "finished",
        **metrics: Any,
    ) -> Path:
        """Write a run of `guesses`, by default right for `accuracy` of the utterances."""
        overrides = (f"corpus={'demo' if corpus == 'demo' else 'urdu'}", *overrides)
        config = composed(*overrides) | {"seed": seed}
        choice, fold = config["choice"], config["fold"]
        number = len(list(self.folder.glob("*/*")))
        name = f"{choice['model']}-{choice['data']}-{corpus}"
        name += f"{'' if fold is None else f'-fold{fold}'}-seed{seed}"
        folder = self.folder / choice["split"] / f"{name}-{number:08x}"
        folder.mkdir(parents=True)
        text = yaml.dump(config, Dumper=yaml.CSafeDumper, sort_keys=False)
        (folder / "config.yaml").write_text(text)
        command = shlex.join(["python", "-m", "ser_vae.run", *overrides, f"seed={seed}"])
        (folder / "command.txt").write_text(f"{command}\n")
        if choice["model"] in NETWORKS:
            write_curves(folder, "classify")
            if choice["model"] != "logmel_lstm":
                write_curves(folder, "pretrain")
        if state == "failed":
            trace = "Traceback (most recent call last):\n  File x\nOSError: disk <full>\nhint\n"
            (folder / "error.txt").write_text(trace)
        if state == "finished":
            predicted = guess(accuracy, seed=seed) if guesses is None else guesses
            run = RunFolder(folder)
            key = f"{choice['split']}/test/"
            run.write_table(run.predictions, predicted)
            for policy, by_policy in (policies or {}).items():
                run.write_table(run.policy(policy), by_policy)
            written = {
                **metrics_of(config, corpus, predicted, key),
                "policies": {
                    policy: {**scores_of(by_policy, key), "leaks": policy == "oracle"}
                    for policy, by_policy in (policies or {}).items()
                },
            }
            (folder / "metrics.json").write_text(json.dumps(written | metrics))
        return folder

    @property
    def results(self) -> Results:
        return compute_results(load_runs(self.folder))


def write_curves(folder: Path, stage: str) -> None:
    lines = [f"epoch,step,{stage}/train/loss", "0,5,3.0", "1,10,2.0"]
    (folder / f"{stage}.csv").write_text("\n".join(lines) + "\n")


def metrics_of(
    config: dict[str, Any], corpus: str, predicted: pd.DataFrame, key: str
) -> dict[str, Any]:
    """The contents of metrics.json that a report reads."""
    truth, emotions = [*predicted["truth"]], emotions_of(predicted)
    half = {emotion: [truth.count(emotion) // 2, truth.count(emotion)] for emotion in {*truth}}
    return {
        "corpus": corpus,
        "synthetic": corpus == "demo",
        "leaks": False,
        "corpus_digest": "0",
        "caveats": [],
        "emotions": emotions,
        "folds": 3 if config["fold"] is not None else 1,
        **scores_of(predicted, key),
        "majority": scores_of(predicted.assign(guess=emotions[0]), key),
        "test_speakers": predicted["speaker"].nunique(),
        "test_speakers_in_train": 8,
        "counts": {"test": {"utterances": len(truth)}},
        "audit": {
            "verdict": "SHARED",
            "sentence": "8 test speakers are also in train",
            "adjacent_turns": 4,
            "duplicates": 0,
            "speaker_lookup": {"ua": 0.5, "wa": 0.5},
            "speaker_lookup_counts": half,
        },
        "parameters": {"pretrain": 1_234_567, "classify": 89_000}
        if config["choice"]["model"] in NETWORKS
        else {},
        "times_s": {"features": 0.5, "pretrain": 20.0, "classify": 10.0},
    }


def scores_of(predicted: pd.DataFrame, key: str) -> dict[str, Any]:
    """Scores from scikit-learn, with arbitrary constants as NLL and ECE."""
    labels, truth, guessed = emotions_of(predicted), predicted["truth"], predicted["guess"]
    f1 = f1_score(truth, guessed, average="macro", labels=labels, zero_division=0)
    return {
        f"{key}ua": balanced_accuracy_score(truth, guessed),
        f"{key}wa": float(np.mean(truth == guessed)),
        f"{key}macro_f1": f1,
        f"{key}confusion": confusion_matrix(truth, guessed, labels=labels).tolist(),
        f"{key}nll": 0.875,
        f"{key}ece": 0.0625,
    }


def guess(
    accuracy: float,
    *,
    seed: int = 0,
    speakers: range = range(12),
    emotions: tuple[str, ...] = EMOTIONS,
    order: int = 0,
) -> pd.DataFrame:
    """Predictions that are right for `accuracy` of the utterances; `order` decides for which."""
    names = [(f"s{speaker:02d}", turn) for speaker in speakers for turn in range(10)]
    truth = np.array([turn % len(emotions) for _, turn in names])
    shuffled = np.random.default_rng([seed, order]).permutation(len(names))
    chosen = np.where(shuffled < accuracy * len(names), truth, (truth + 1) % len(emotions))
    probability = np.full((len(names), len(emotions)), 0.3 / (len(emotions) - 1))
    probability[np.arange(len(names)), chosen] = 0.7
    return pd.DataFrame(
        {
            "utterance": [f"seed{seed}_{speaker}_{turn}" for speaker, turn in names],
            "speaker": [speaker for speaker, _ in names],
            "dialogue": "",
            "truth": np.array(emotions)[truth],
            "guess": np.array(emotions)[chosen],
            **{PROBABILITY + name: probability[:, k] for k, name in enumerate(emotions)},
        }
    )


def fill(folder: Path, predicted: pd.DataFrame, *, conditional: bool) -> None:
    """Add latents and illustrations to a run folder."""
    rng, count = np.random.default_rng(0), len(predicted)
    names = (tuple(predicted[column]) for column in ("utterance", "speaker", "truth"))
    mean = rng.standard_normal((count, 4)).astype(np.float32)
    sex = tuple("FM"[int(who[1:]) % 2] for who in predicted["speaker"])
    Latents(*names, sex, ("",) * count, mean).write(folder / "latents.npz")
    emotions = tuple(emotions_of(predicted))
    shown = tuple(predicted["utterance"][: len(emotions)])
    pictures = illustrations(emotions, shown, conditional=conditional)
    pictures.write(folder / "illustrations.npz")


def health(*, collapsed: bool = False) -> dict[str, Any]:
    """The `health` of a VAE in metrics.json."""
    return {
        "relative_error": 0.125,
        "kl": 25.5,
        "kl_per_dimension": [0.2, 0.1, 3.0, 0.0],
        "active_units": 3,
        "latent": 4,
        "log_likelihood": -812.25,
        "mutual_information": 5.25,
        "sentence": "No collapse.",
        "collapsed": collapsed,
    }


@pytest.fixture
def study(tmp_path) -> Study:
    return Study(tmp_path / "runs")


@pytest.fixture
def table_1(study) -> Callable[..., Study]:
    """Write the whole of the paper's grid, two seeds per cell, CVAE above VAE above AE."""

    def write(*overrides: str, **options: Any) -> Study:
        for d, data in enumerate(("improvised", "scripted", "complete")):
            for m, model in enumerate(("ae", "vae", "cvae")):
                for seed in (0, 1):
                    predicted = guess(0.5 + 0.15 * m, seed=10 * d + seed, order=m)
                    choice = (f"data={data}", f"model={model}", *overrides)
                    study.run(*choice, seed=seed, guesses=predicted, **options)
        return study

    return write
