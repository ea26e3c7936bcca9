"""The first stage: segments -> a representation (III-A), pretrained once for all who share it."""

import copy
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger

from ser_vae.data.material import Material
from ser_vae.pipeline import heard
from ser_vae.pipeline.heard import LEARNT
from ser_vae.pipeline.settings import fit_settings, policies_of
from ser_vae.run_folder import RunFolder, digest
from ser_vae.training import weights
from ser_vae.training.encode import policy_of
from ser_vae.training.fit import LAST, fit
from ser_vae.training.health import watched
from ser_vae.training.history import replay
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]


def represent(
    model: Any,
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> dict[str, Any]:
    """The representation under each way to pretrain it that the run's label policies need.

    The curves and the weights of the headline's are left in `folder`.
    """
    headline = policy_of(config["label_policy"]).pretraining
    ways = sorted({policy_of(name).pretraining for name in policies_of(config, model)})
    models: dict[str, Any] = {way: copy.deepcopy(model) for way in ways}
    for way, own in models.items():
        dropout = config["training"]["label_dropout"] if way == "dropout" else 0.0
        if way == headline:
            acquire(own, config, material, dropout, loggers, folder.path / "pretrain.csv")
            heard.keep(folder.path / "pretrained.ckpt", config, material)
            weights.save(own, folder.path / "pretrained.ckpt")
        else:
            acquire(own, config, material, dropout, (), None)
    return models


def acquire(
    model: Any,
    config: Config,
    material: Material,
    label_dropout: float,
    loggers: Sequence[Logger],
    curves: Path | None,
) -> None:
    """Make `model` a representation: fit it, pretrain it, take an equal run's weights, or load.

    Where it is pretrained, its curves are copied to the file `curves`.
    """
    source = config["training"]["pretrained"]
    if source == "none":
        return
    if source != "auto":
        weights.load(model, Path(source))
        return
    if not model.quantities:  # nothing that a gradient would learn
        if hasattr(model, "fit"):
            model.fit(material.segments_of(*LEARNT))
        return
    name = pretrained_name(config, material, label_dropout)
    shared = RunFolder(Path(config["runs"]) / "pretrained" / name)
    with shared.lock():
        if config["force"]:
            shared.clear()
        pretrain(model, config, material, label_dropout, shared.path, loggers)
        if curves:  # while it is locked: another run with force=true clears it
            shutil.copyfile(shared.path / "pretrain.csv", curves)


def pretrained_name(config: Config, material: Material, label_dropout: float) -> str:
    """An address of all that pretraining depends on, so that no fold meets another's encoder."""
    settings = [list(material.emotions), label_dropout]
    settings += [config[key] for key in ("features", "data", "normalise", "model", "seed")]
    training = [config["training"]["pretrain"], config["trainer"]]
    items = zip(material.utterances, material.digests, material.parts, strict=True)
    utterances = [(u.id, u.speaker, u.emotion, audio, part) for u, audio, part in items]
    return f"{config['choice']['model']}-{digest([settings, training, utterances])}"


def pretrain(
    model: Any,
    config: Config,
    material: Material,
    label_dropout: float,
    folder: Path,
    loggers: Sequence[Logger],
) -> None:
    """Train `model` in `folder`, or take the weights and curves that an equal run left there."""
    finished = folder / "pretrained.ckpt"
    if finished.exists():
        weights.load(model, finished)
        replay(folder / "pretrain.csv", loggers)
        return
    train, validation = material.segment_set(*LEARNT), material.segment_set("validation")
    seed = seed_for(config["seed"], "pretrain")
    stage = Pretrain(
        model,
        seed,
        config["training"]["pretrain"]["optimizer"],
        label_dropout=label_dropout,
        watched=watched(train, seed),
    )
    fit(stage, train, validation, folder=folder, loggers=loggers, **fit_settings(config, stage))
    heard.keep(finished, config, material)
    weights.save(model, finished)
    (folder / LAST).unlink()
