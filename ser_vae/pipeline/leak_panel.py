"""How much of the label that a CVAE's encoder is told can be found again behind it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from ser_vae.evaluation.compare import ua_difference
from ser_vae.evaluation.metrics import scores
from ser_vae.evaluation.predictions import Predictions
from ser_vae.evaluation.probes import reads_label, share_with_interval
from ser_vae.pipeline.policies import Recognisers
from ser_vae.training.encode import told
from ser_vae.training.seeding import seed_for


def leak_panel(recognisers: Recognisers, said: Mapping[str, Predictions]) -> dict[str, Any]:
    """Four views of one question, each with what it would be if nothing leaked.

    All are of the headline's encoder, so that those of another pretraining can be compared.

    Args:
        recognisers: of the run.
        said: any predictions of its test part under each policy.

    Returns:
        `follows_random_label`: how often the guess is the random label that the encoder was told.
        `random_label_in_z`: how often a linear probe reads it out of an utterance's mean z.
        `permuted_labels`: the classifier's UA where the labels are permuted among the utterances:
            whatever the oracle gets there beyond chance, it got from the label it was told.
        `oracle_minus_null`: the difference in UA; no measure of a leak by itself, as a label that
            is in z need not be used.
    """
    material = recognisers.material
    test, random_label = material.mask("test"), recognisers.random_label()
    null, random, oracle = (
        replace(said["null"], probability=recognisers.probabilities(recognisers.of_headline(name)))
        for name in ("null", "random", "oracle")
    )
    followed = random.guess == random_label[test].numpy()
    chance = 1 / recognisers.classes
    return {
        "follows_random_label": {
            **share_with_interval(int(followed.sum()), len(followed)),
            "chance": chance,
        },
        "random_label_in_z": random_label_in_z(recognisers, random_label),
        "permuted_labels": {**on_permuted_labels(recognisers, null), "chance": chance},
        "oracle_minus_null": ua_difference(oracle, null),
    }


def random_label_in_z(recognisers: Recognisers, random_label: torch.Tensor) -> dict[str, Any]:
    """A linear probe for a random label, fitted on the training part, read on the test part."""
    material = recognisers.material
    known = told(random_label, recognisers.classes)
    z = recognisers.utterance_means(recognisers.headline_model, known)
    train, test = material.mask("train").numpy(), material.mask("test").numpy()
    return reads_label(z, random_label.numpy(), train, test)


def on_permuted_labels(recognisers: Recognisers, tested: Predictions) -> dict[str, float]:
    """UA of null and oracle with labels that say nothing of the speech: permuted in each part.

    Also oracle minus null, `difference`, with its 95 % interval, `low` to `high`.
    """
    material = recognisers.material
    label = material.label.clone()
    generator = torch.Generator().manual_seed(seed_for(recognisers.config["seed"], "permuted"))
    for part in ("train", "test"):
        own = material.mask(part).nonzero()[:, 0]
        label[own] = label[own[torch.randperm(len(own), generator=generator)]]
    permuted, truth = recognisers.on_labels(label), label[material.mask("test")].numpy()
    null, oracle = (
        replace(tested, truth=truth, probability=permuted.probabilities(permuted.of_headline(name)))
        for name in ("null", "oracle")
    )
    return {
        "null_ua": scores(truth, null.guess, material.emotions)["ua"],
        "oracle_ua": scores(truth, oracle.guess, material.emotions)["ua"],
        **ua_difference(oracle, null),
    }
