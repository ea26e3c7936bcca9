"""What the stages are told by the configuration, and what of it is refused."""

import sys
from collections.abc import Mapping
from typing import Any

import torch

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.data.material import Material
from ser_vae.training.classify import Classify
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]


def networks(config: Config, material: Material) -> tuple[Any, torch.nn.Module]:
    """The representation and the classifier as initialised: a wrong setting is met before hours."""
    classes = len(material.emotions)
    torch.manual_seed(seed_for(config["seed"], "pretrain", "initialisation"))
    model = build(config["model"], input_size=material.segments.size, num_classes=classes)
    check_told(config, model)
    torch.manual_seed(seed_for(config["seed"], "classify", "initialisation"))
    classifier: torch.nn.Module = build(
        config["classifier"], input_size=model.latent_size, num_classes=classes
    )
    return model, classifier


def check_told(config: Config, model: Any) -> None:
    """Refuse what would be accepted and ignored, or fail after hours of pretraining."""
    policy, kind = config["label_policy"], type(model).__name__
    if policy != "null" and not model.conditional:
        raise SerVaeError(
            f"label_policy={policy}: a {kind} is never told a label.\n"
            "Use model=cvae, or leave label_policy alone."
        )
    if config["training"]["latent"] == "sample" and not hasattr(model, "posterior"):
        raise SerVaeError(
            f"training.latent=sample: a {kind} has no posterior to sample from.\n"
            "Use model=vae or model=cvae, or training.latent=mu."
        )


def fit_settings(config: Config, stage: Pretrain | Classify) -> dict[str, Any]:
    """What `fit` is told by the configuration."""
    settings = {k: v for k, v in config["training"][stage.stage].items() if k != "optimizer"}
    trainer = dict(config["trainer"])
    if isinstance(stage, Classify) and stage.encoder and trainer["strategy"] == "ddp_spawn":
        trainer["strategy"] = "ddp_spawn_find_unused_parameters_true"  # its decoder has no gradient
    return {
        **settings,
        "trainer": trainer,
        "progress": config["progress"] and sys.stderr.isatty(),
    }
