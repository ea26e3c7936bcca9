"""The first stage: segments -> a representation (III-A), pretrained once for all who share it."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.loggers import Logger

from ser_vae.data.material import Material
from ser_vae.pipeline.settings import fit_settings
from ser_vae.run_folder import RunFolder, digest
from ser_vae.training import weights
from ser_vae.training.fit import LAST, fit
from ser_vae.training.history import replay
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]


def represent(
    model: torch.nn.Module,
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> None:
    """Make `model` a representation (III-A): pretrain it, take an equal run's weights, or load."""
    source = config["training"]["pretrained"]
    if source == "auto":
        shared = RunFolder(Path(config["runs"]) / "pretrained" / pretrained_name(config, material))
        with shared.lock():
            if config["force"]:
                shared.clear()
            pretrain(model, config, material, shared.path, loggers)
        shutil.copyfile(shared.path / "pretrain.csv", folder.path / "pretrain.csv")
    elif source != "none":
        weights.load(model, Path(source))
    weights.save(model, folder.path / "pretrained.ckpt")


def pretrained_name(config: Config, material: Material) -> str:
    """An address of all that pretraining depends on, so that no fold meets another's encoder."""
    settings = [list(material.emotions)]
    settings += [config[key] for key in ("features", "data", "normalise", "model", "seed")]
    training = [config["training"]["pretrain"], config["trainer"]]
    items = zip(material.utterances, material.digests, material.parts, strict=True)
    utterances = [(u.id, u.speaker, u.emotion, audio, part) for u, audio, part in items]
    return f"{config['choice']['model']}-{digest([settings, training, utterances])}"


def pretrain(
    model: Any, config: Config, material: Material, folder: Path, loggers: Sequence[Logger]
) -> None:
    """Train `model` in `folder`, or take the weights and curves that an equal run left there."""
    finished = folder / "pretrained.ckpt"
    if finished.exists():
        weights.load(model, finished)
        replay(folder / "pretrain.csv", loggers)
        return
    stage = Pretrain(
        model, seed_for(config["seed"], "pretrain"), config["training"]["pretrain"]["optimizer"]
    )
    train, validation = material.segment_set("train"), material.segment_set("validation")
    fit(stage, train, validation, folder=folder, loggers=loggers, **fit_settings(config, stage))
    weights.save(model, finished)
    (folder / LAST).unlink()
