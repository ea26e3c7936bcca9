"""Build a small classifier and train a stage with few arguments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.settings import Optimizer, Stage, Trainer
from ser_vae.training.fit import fit

ADAM = Optimizer(lr=0.01, betas=[0.9, 0.999], eps=1e-8)
TRAINER = {
    "accelerator": "cpu",
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "precision": "32-true",
    "accumulate_grad_batches": 1,
}


def small_lstm(**changes: Any) -> LSTMClassifier:
    """Build an LSTM for latents of three values and four classes, but for `changes`."""
    sizes = {"input_size": 3, "num_classes": 4, "hidden": 6, "layers": 2, "dense": 5}
    kind = {"pooling": "last", "bidirectional": False, "dropout": 0.0}
    return LSTMClassifier(**{**sizes, **kind, **changes})


def stage_settings(epochs: int, batch_size: int, **others: Any) -> Stage:
    settings = {"steps": 0, "gradient_clip": None, "optimizer": ADAM, **others}
    return Stage(epochs=epochs, batch_size=batch_size, **settings)


def fit_stage(
    stage: Any,
    train: Any,
    validation: Any = (),
    *,
    folder: Path,
    epochs: int,
    batch_size: int,
    gradient_clip: float | None = None,
    steps: int = 0,
    trainer: Mapping[str, Any] | None = None,
    **others: Any,
) -> None:
    """Call `fit` on the CPU; `trainer` and `others` replace its defaults."""
    settings = stage_settings(epochs, batch_size, gradient_clip=gradient_clip, steps=steps)
    fit(
        stage,
        train,
        validation,
        folder=folder,
        settings=settings,
        trainer=Trainer(**{**TRAINER, **(trainer or {})}),
        **{"compiled": False, "loggers": [], "progress": False, **others},
    )
