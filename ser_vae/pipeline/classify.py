"""The second stage: the training part's latents -> a classifier, and its say on the test part."""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.loggers import Logger
from torch import Tensor

from ser_vae.data.datamodule import SequenceSet
from ser_vae.data.material import Material
from ser_vae.pipeline.settings import fit_settings, fresh_classifier
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.encode import encode
from ser_vae.training.fit import fit
from ser_vae.training.history import replay
from ser_vae.training.predict import probabilities
from ser_vae.training.seeding import seed_for

Config = Mapping[str, Any]
Probabilities = npt.NDArray[np.float64]
Say = Callable[[Tensor], Probabilities]  # what the encoder is told (U, K) -> (U of test, K)


def classifier_of(
    config: Config,
    encoder: Any,
    material: Material,
    told: Tensor,
    folder: Path,
    loggers: Sequence[Logger],
) -> Say:
    """Train a classifier, or take the one that an interrupted run left in `folder`.

    Args:
        config: of the run.
        encoder: segments -> latents; a fine-tuned one is a copy of it.
        material: of its labels those of the training part are learnt.
        told: (U, K) what the encoder is told of each utterance while the classifier learns.
        folder: of this classifier; gets `classifier.ckpt` and the curves `classify.csv`.
        loggers: where its curves go besides.
    """
    stage = stage_of(config, encoder, material)
    done = folder / "classifier.ckpt"
    if done.exists():
        weights.load(stage, done)
        replay(folder / "classify.csv", loggers)
    else:
        parts = (sequences(config, encoder, material, p, told) for p in ("train", "validation"))
        fit(stage, *parts, folder=folder, loggers=loggers, **fit_settings(config, stage))
        weights.save(stage, done)

    def say(told: Tensor) -> Probabilities:
        test = sequences(config, encoder, material, "test", told)
        batch_size = config["training"]["classify"]["batch_size"]
        return probabilities(stage, test, batch_size=batch_size, device=device_of(config))

    return say


def stage_of(config: Config, encoder: Any, material: Material) -> Classify:
    training, classes = config["training"], len(material.emotions)
    return Classify(
        fresh_classifier(config, encoder.latent_size, classes),
        seed_for(config["seed"], "classify"),
        training["classify"]["optimizer"],
        encoder=None if frozen(config) else copy.deepcopy(encoder).train(),
        encoder_lr=training["encoder_lr"],
        sample=training["latent"] == "sample",
    )


def sequences(
    config: Config, encoder: Any, material: Material, part: str, told: Tensor
) -> SequenceSet:
    """The utterances of a part: latents, or segments where the encoder is to be fine-tuned."""
    segments = material.segments_of(part)
    source: Any = segments
    if frozen(config):
        source = encode(
            encoder,
            segments,
            told[material.mask(part)],
            sample=config["training"]["latent"] == "sample",
            seed=seed_for(config["seed"], "latents", part),
            device=device_of(config),
        )
    return material.sequence_set(part, source, told)


def frozen(config: Config) -> bool:
    return config["training"]["encoder_lr"] is None


def device_of(config: Config) -> torch.device:
    return lightning.Fabric(accelerator=config["trainer"]["accelerator"], devices=1).device
