"""The second stage: the training part's latents -> a classifier, and its say on the test part."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import lightning
import torch
from lightning.pytorch.loggers import Logger

from ser_vae.data.material import Material
from ser_vae.evaluation import predictions
from ser_vae.pipeline.settings import fit_settings
from ser_vae.run_folder import RunFolder
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.encode import condition, encode
from ser_vae.training.fit import fit
from ser_vae.training.predict import probabilities
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]


def classify(
    classifier: torch.nn.Module,
    model: torch.nn.Module,
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> predictions.Predictions:
    """Train the classifier on the training part's latents, predict the test part (III-B, IV-D)."""
    training, seed = config["training"], seed_for(config["seed"], "classify")
    told = condition(config["label_policy"], material.label, len(material.emotions))
    device = lightning.Fabric(accelerator=config["trainer"]["accelerator"], devices=1).device
    sample, frozen = training["latent"] == "sample", training["encoder_lr"] is None
    source: Any = material.segments
    if frozen:
        source = encode(model, source, told, sample=sample, seed=seed, device=device)
    stage = Classify(
        classifier,
        seed,
        training["classify"]["optimizer"],
        encoder=None if frozen else model,
        encoder_lr=training["encoder_lr"],
        sample=sample,
    )
    train, validation, test = (
        material.sequence_set(part, source, told) for part in ("train", "validation", "test")
    )
    working = folder.path / "classify"
    fit(stage, train, validation, folder=working, loggers=loggers, **fit_settings(config, stage))
    shutil.copyfile(working / "classify.csv", folder.path / "classify.csv")
    weights.save(stage, folder.path / "classifier.ckpt")
    found = probabilities(stage, test, batch_size=training["classify"]["batch_size"], device=device)
    return predictions.predictions(material.utterances_of("test"), material.emotions, found)
