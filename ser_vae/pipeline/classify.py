"""The second stage: the training part's latents -> a classifier, and its say on the test part."""

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
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
from ser_vae.data.segment import Segments
from ser_vae.data.statistics import statistics
from ser_vae.pipeline.settings import fit_settings, fresh_classifier
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.encode import encode
from ser_vae.training.fit import fit
from ser_vae.training.history import replay
from ser_vae.training.predict import probabilities
from ser_vae.training.seeding import seed_for
from ser_vae.training.stage import ignore_known_warnings

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
    """Train the configured classifier behind an encoder; what it says depends on what that is told.

    Args:
        config: of the run.
        encoder: segments -> latents; a fine-tuned one is a copy of it.
        material: of its labels those of the training part are learnt.
        told: (U, K) what the encoder is told of each utterance while the classifier learns.
        folder: of this classifier; a network leaves `classifier.ckpt` and the curves `classify.csv`
            there, and takes up what an interrupted run left.
        loggers: where its curves go besides.
    """
    classifier = fresh_classifier(config, encoder.latent_size, len(material.emotions))
    if isinstance(classifier, torch.nn.Module):
        return network(classifier, config, encoder, material, told, folder, loggers)
    return at_once(classifier, config, encoder, material, told)


def at_once(classifier: Any, config: Config, encoder: Any, material: Material, told: Tensor) -> Say:
    """A classifier that is fitted and asked in one step, on whole sequences of latents."""
    learnt = material.mask("train")[:, None]
    known = statistics(
        material,
        normalise=config["normalise"],
        seed=seed_for(config["seed"], "classify"),
        whole=None,
    )

    def say(told_in_test: Tensor) -> Probabilities:
        latents = latents_of(
            config, encoder, material.segments, torch.where(learnt, told, told_in_test), "all"
        )
        each = torch.split(latents, material.segments.count.tolist())
        found: Probabilities = classifier.fit_predict([rows.numpy() for rows in each], known)
        return found

    return say


def network(
    classifier: torch.nn.Module,
    config: Config,
    encoder: Any,
    material: Material,
    told: Tensor,
    folder: Path,
    loggers: Sequence[Logger],
) -> Say:
    """A classifier that Lightning trains, on batches."""
    stage = stage_of(classifier, config, encoder)
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


def stage_of(classifier: torch.nn.Module, config: Config, encoder: Any) -> Classify:
    training = config["training"]
    return Classify(
        classifier,
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
        source = latents_of(config, encoder, segments, told[material.mask(part)], part)
    return material.sequence_set(part, source, told)


def latents_of(
    config: Config, encoder: Any, segments: Segments, told: Tensor, stream: str
) -> Tensor:
    """(N, Z); `stream` tells apart the noise where a sample of z is asked for."""
    return encode(
        encoder,
        segments,
        told,
        sample=config["training"]["latent"] == "sample",
        seed=seed_for(config["seed"], "latents", stream),
        device=device_of(config),
    )


def frozen(config: Config) -> bool:
    return config["training"]["encoder_lr"] is None


def device_of(config: Config) -> torch.device:
    return _device(config["trainer"]["accelerator"])


@cache
def _device(accelerator: str) -> torch.device:
    """The first of its kind, as a Trainer would choose it."""
    with warnings.catch_warnings():
        ignore_known_warnings()
        return lightning.Fabric(accelerator=accelerator, devices=1).device
