"""Build a small classifier and train a stage with few arguments."""

from pathlib import Path
from typing import Any

import torch

from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.run import configure
from ser_vae.settings import Optimizer, Stage, Trainer, validate
from ser_vae.training.classify import Classify
from ser_vae.training.fit import fit
from ser_vae.training.predict import LatentClassifier

ADAM = Optimizer(lr=0.01, betas=[0.9, 0.999], eps=1e-8)
CPU = validate(configure("trainer=cpu")).trainer


def small_lstm(**changes: Any) -> LSTMClassifier:
    """Build an LSTM for latents of three values and four classes, but for `changes`."""
    sizes = {"input_size": 3, "num_classes": 4, "hidden": 6, "layers": 2, "dense": 5}
    kind = {"pooling": "last", "bidirectional": False, "dropout": 0.0}
    return LSTMClassifier(**{**sizes, **kind, **changes})


def classify_stage(
    head: Any, seed: int = 0, *, encoder: Any = None, sample: bool = False, encoder_lr: float = 1e-4
) -> Classify:
    """Build the stage of a classifier, which fine-tunes its encoder if one is given."""
    how = {"fine_tuned": encoder is not None, "sample": sample, "batch_size": 1, "seed": 0}
    classifier = LatentClassifier(encoder, head, device=torch.device("cpu"), **how)
    return Classify(classifier, seed, encoder_lr)


def stage_settings(**given: Any) -> Stage:
    return Stage(**{"steps": 0, "gradient_clip": None, "optimizer": ADAM, **given})


def fit_stage(
    stage: Any,
    train: Any,
    validation: Any = (),
    *,
    folder: Path,
    trainer: Trainer = CPU,
    compiled: bool = False,
    progress: bool = False,
    loggers: Any = (),
    **changes: Any,
) -> None:
    """Call `fit` with the `stage_settings` of `changes`."""
    options = {"compiled": compiled, "loggers": loggers, "progress": progress}
    settings = stage_settings(**changes)
    fit(stage, train, validation, folder=folder, settings=settings, trainer=trainer, **options)
