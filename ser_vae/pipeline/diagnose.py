"""What a run says of itself beside its scores: label policies, leaks, health, what is in z."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ser_vae.evaluation.metrics import evaluate
from ser_vae.evaluation.predictions import Predictions
from ser_vae.evaluation.probes import probes
from ser_vae.features.functionals import functionals
from ser_vae.pipeline.classify import device_of
from ser_vae.pipeline.leak_panel import leak_panel
from ser_vae.pipeline.policies import Recognisers
from ser_vae.training.encode import LEAKING
from ser_vae.training.health import health
from ser_vae.training.seeding import seed_for

NOTHING_TO_DIAGNOSE: Mapping[str, Any] = {
    "policies": {},
    "leak_panel": None,
    "health": None,
    "probes": None,
}


def diagnose(
    recognisers: Recognisers, said: Mapping[str, Predictions], protocol: str
) -> dict[str, Any]:
    """The parts of metrics.json that only a representation of segments has."""
    conditional = len(said) > 1
    return {
        "policies": policies(said, protocol) if conditional else {},
        "leak_panel": leak_panel(recognisers, said) if conditional else None,
        "health": health_of(recognisers),
        "probes": probes_of(recognisers),
    }


def policies(said: Mapping[str, Predictions], protocol: str) -> dict[str, Any]:
    return {
        name: {**evaluate(found, protocol), "leaks": name in LEAKING}
        for name, found in said.items()
    }


def health_of(recognisers: Recognisers) -> dict[str, Any] | None:
    """Of the representation on the test part's segments, each told its label as in pretraining.

    Reconstructions are looked at, never a guess: no prediction depends on it. None of a model that
    was not to learn any, such as the untrained control.
    """
    model = recognisers.headline_model
    if not model.quantities:
        return None
    return health(
        model,
        recognisers.material.segment_set("test"),
        part="test",
        seed=seed_for(recognisers.config["seed"], "health"),
        device=device_of(recognisers.config),
    )


def probes_of(recognisers: Recognisers) -> dict[str, Any]:
    """Linear probes from an utterance's mean feature, and from its log-mel statistics."""
    material = recognisers.material
    utterances = material.utterances
    frames = [frames.numpy() for frames in material.segments.frames_of_each()]
    return probes(
        recognisers.untold_means,
        np.stack([functionals("mean_and_deviation", f) for f in frames]),
        [utterance.emotion for utterance in utterances],
        [utterance.speaker for utterance in utterances],
        [utterance.sex for utterance in utterances],
        material.mask("train").numpy(),
        material.mask("test").numpy(),
    )
