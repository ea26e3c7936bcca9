"""What the settings of a run may be, where what is built of them would not say it, or too late.

Looked at once, before anything is read: a batch size of the second stage is met before the hours of
the first. Names and sizes with which features, models and classifiers are built they look at
themselves, before anything is read too.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ser_vae import SerVaeError


class Expected(NamedTuple):
    """In words, and as a test."""

    words: str
    holds: Callable[[Any], bool]


def whole(low: int, high: float = math.inf) -> Expected:
    words = f"a whole number from {low}" + (f" to {high}" if high < math.inf else "")
    return Expected(words, lambda value: type(value) is int and low <= value <= high)


def number(words: str, holds: Callable[[float], bool]) -> Expected:
    return Expected(
        f"a number {words}",
        lambda value: type(value) in (int, float) and math.isfinite(value) and holds(value),
    )


def or_null(expected: Expected) -> Expected:
    return Expected(
        f"{expected.words}, or null", lambda value: value is None or expected.holds(value)
    )


def one_of(*options: str) -> Expected:
    return Expected(" or ".join([", ".join(options[:-1]), options[-1]]), options.__contains__)


FROM_0 = number("from 0", lambda value: value >= 0)
ABOVE_0 = number("above 0", lambda value: value > 0)
SHARE = number("from 0 to 1", lambda value: 0 <= value <= 1)
BELOW_1 = number("from 0 to below 1", lambda value: 0 <= value < 1)
TWO_BELOW_1 = Expected(
    "two numbers from 0 to below 1, such as [0.9, 0.999]",
    lambda value: type(value) is list and len(value) == 2 and all(map(BELOW_1.holds, value)),
)
SWITCH = Expected("true or false", lambda value: type(value) is bool)

STAGE = {
    "epochs": whole(1),
    "batch_size": whole(1),
    "gradient_clip": or_null(ABOVE_0),
    "optimizer.lr": FROM_0,
    "optimizer.betas": TWO_BELOW_1,
    "optimizer.eps": FROM_0,
}
RANGES = {
    "seed": whole(0, 2**32 - 1),
    "jobs": or_null(whole(1)),
    "threads": or_null(whole(1)),
    "memory_gb": FROM_0,
    **dict.fromkeys(("compile", "progress", "force", "debug", "training.unlabelled"), SWITCH),
    **{f"training.pretrain.{key}": expected for key, expected in STAGE.items()},
    **{f"training.classify.{key}": expected for key, expected in STAGE.items()},
    **{f"model.training.{key}": expected for key, expected in STAGE.items()},
    "model.beta": FROM_0,
    "model.clip": ABOVE_0,
    "model.dropout": BELOW_1,
    "model.elbo_weight": FROM_0,
    "model.label_smoothing": SHARE,
    "normalise": one_of("train", "speaker", "none"),
    "bad_audio": one_of("error", "drop"),
    "label_policies": one_of("all", "headline"),
    "data.length": whole(1),
    "data.hop": whole(1),
    "data.remainder": one_of("drop", "pad"),
    "training.label_dropout": SHARE,
    "training.latent": one_of("mu", "sample"),
    "training.encoder_lr": or_null(FROM_0),
    "trainer.accelerator": one_of("auto", "cpu", "gpu", "cuda", "mps"),
    "trainer.precision": one_of("32-true", "bf16-mixed", "16-mixed", "64-true"),
    "trainer.strategy": one_of("auto", "ddp_spawn", "ddp"),
    "trainer.devices": whole(1),
    "logger.wandb.mode": one_of("online", "offline", "disabled"),
    "trainer.num_nodes": whole(1),
    "trainer.accumulate_grad_batches": whole(1),
}
HINTS = {
    "model.beta": "\nEq. (3) has 1.",
    "training.pretrain.epochs": "\nFor no pretraining: training.pretrained=none.",
    "trainer.devices": "\nCUDA_VISIBLE_DEVICES chooses which.",
}


def check(config: Mapping[str, Any]) -> None:
    """Refuse a setting that is none.

    Raises:
        SerVaeError: its value is of another kind, or out of its range.
    """
    for key, expected in RANGES.items():
        above, last = config, key
        while "." in last:
            first, _, last = last.partition(".")
            above = above.get(first) or {}
        if last in above and not expected.holds(above[last]):
            raise SerVaeError(
                f"{key}={above[last]}: expected {expected.words}.{HINTS.get(key, '')}"
            )
