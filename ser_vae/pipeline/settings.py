"""The networks that a configuration asks for, and what it may not ask for."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.training import processes
from ser_vae.training.classify import Classify
from ser_vae.training.encode import LEAKING, POLICIES, policy_of
from ser_vae.training.seeding import seed_for
from ser_vae.training.stage import Stage

Config = Mapping[str, Any]

BY_BOUND = ("bound", "candidate")  # tests of a policy: a label is judged by its lower bound
PARALLEL = ("ddp_spawn", "ddp")  # strategies: processes spawned for a stage; started from outside


def check_networks(config: Config, classes: int) -> None:
    """Meet a wrong setting of features or networks before any speech is read, which takes hours."""
    extractor = build(config["features"])
    window = round(extractor.sample_rate * max(1.0, config["features"]["window"]))
    _, bands = extractor(np.zeros(window, np.float32)).shape
    fresh_model(config, bands * config["data"]["length"], classes)


def fresh_model(config: Config, input_size: int, classes: int) -> Any:
    """The representation as initialised, the same each time; of both networks no wrong setting."""
    torch.manual_seed(seed_for(config["seed"], "pretrain", "initialisation"))
    model = build(config["model"], input_size=input_size, num_classes=classes)
    check_told(config, model)
    if model.level == "segment":
        check_fine_tuned(config, fresh_classifier(config, model.latent_size, classes))
    return model


def fresh_classifier(config: Config, latent_size: int, classes: int) -> Any:
    """The classifier as initialised, the same each time."""
    torch.manual_seed(seed_for(config["seed"], "classify", "initialisation"))
    return build(config["classifier"], input_size=latent_size, num_classes=classes)


def check_trainer(trainer: Mapping[str, Any]) -> None:
    """Refuse what Lightning would do in another way than asked for."""
    if trainer["strategy"] == "ddp":
        processes.check_started(trainer)
    elif trainer["strategy"] == "auto" and trainer["devices"] != 1:
        raise SerVaeError(
            f"trainer.devices={trainer['devices']}: several devices need a strategy.\n"
            "Use trainer=ddp on one machine, or trainer=nodes."
        )
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if not {"cuda": cuda, "mps": mps, "gpu": cuda or mps}.get(trainer["accelerator"], True):
        raise SerVaeError(
            f"trainer.accelerator={trainer['accelerator']}: PyTorch finds no such device here.\n"
            "Use trainer=auto or trainer=cpu; of a GPU that is there, see what nvidia-smi says."
        )
    on_cpu = trainer["accelerator"] == "cpu" or not cuda
    if trainer["precision"] == "16-mixed" and on_cpu:
        raise SerVaeError(
            "trainer.precision=16-mixed: Lightning has it on a CUDA GPU alone, "
            "and would take bf16-mixed.\n"
            "Use trainer=gpu, or say trainer.precision=bf16-mixed."
        )


def check_fine_tuned(config: Config, classifier: Any) -> None:
    """Refuse to fine-tune an encoder behind a classifier that has no gradient."""
    if config["training"]["encoder_lr"] is not None and not isinstance(classifier, torch.nn.Module):
        raise SerVaeError(
            f"training.encoder_lr={config['training']['encoder_lr']}: a "
            f"{type(classifier).__name__} has no gradient to fine-tune an encoder by.\n"
            "Use classifier=lstm, or training.encoder_lr=null."
        )


def check_told(config: Config, model: Any) -> None:
    """Refuse what would be accepted and ignored, or fail after hours of pretraining."""
    name, kind = config["label_policy"], type(model).__name__
    policy = policy_of(name)
    if name != "null" and not model.conditional:
        raise SerVaeError(
            f"label_policy={name}: a {kind} is never told a label.\n"
            "Use model=cvae, or leave label_policy alone."
        )
    if name in LEAKING:
        raise SerVaeError(
            f"label_policy={name}: the encoder would be told the test labels; that is no result.\n"
            f"Leave label_policy alone: {name} is reported beside every headline of a CVAE."
        )
    source = config["training"]["pretrained"]
    if source not in ("auto", "none") and not model.quantities and model.level == "segment":
        raise SerVaeError(
            f"training.pretrained={source}: a {kind} is not pretrained, and would not be one with "
            "others' weights.\nUse training.pretrained=auto."
        )
    if policy.pretraining == "dropout" and config["training"]["pretrained"] != "auto":
        raise SerVaeError(
            "label_policy=dropout: labels are dropped in pretraining, and "
            f"training.pretrained={config['training']['pretrained']} does none.\n"
            "Use training.pretrained=auto, or another policy."
        )
    if policy.test in BY_BOUND and not has_bound(model):
        raise SerVaeError(
            f"label_policy={name}: the loss of a {kind} has no squared_error and kl to bound log P "
            "by.\nUse another policy."
        )
    if config["training"]["latent"] == "sample" and not hasattr(model, "posterior"):
        raise SerVaeError(
            f"training.latent=sample: a {kind} has no posterior to sample from.\n"
            "Use model=vae or model=cvae, or training.latent=mu."
        )


def policies_of(config: Config, model: Any) -> list[str]:
    """The label policies that a run reports: all that can be had where the model is conditional."""
    if not model.conditional or config["label_policies"] == "headline":
        return [config["label_policy"]]
    pretrained = config["training"]["pretrained"] == "auto"
    return [
        name
        for name, policy in POLICIES.items()
        if (pretrained or policy.pretraining == "told")
        and (policy.test not in BY_BOUND or has_bound(model))
    ]


def has_bound(model: Any) -> bool:
    """Whether a model's loss says the two terms of a lower bound of log P(X|c), eq. (3)."""
    return {"squared_error", "kl"} <= set(model.quantities)


def fit_settings(config: Config, stage: Stage) -> dict[str, Any]:
    """What `fit` is told by the configuration; an LSTM is not compiled, each batch being of another
    length.
    """
    settings = {k: v for k, v in config["training"][stage.stage].items() if k != "optimizer"}
    trainer = dict(config["trainer"])
    if isinstance(stage, Classify) and stage.encoder and trainer["strategy"] in PARALLEL:
        trainer["strategy"] += "_find_unused_parameters_true"  # its decoder has no gradient
    return {
        **settings,
        "trainer": trainer,
        "compiled": config["compile"] and not isinstance(stage, Classify),
        "progress": config["progress"] and sys.stderr.isatty(),
    }
