"""The alarm, on a corpus that can be learned, and what else is measured."""

import copy
import functools
import json
import math
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from ser_vae.data.batch import BatchIndex
from ser_vae.data.sets import SegmentSet
from ser_vae.model import vae
from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.objective import squared_error
from ser_vae.model.vae import VAE
from ser_vae.training.health import (
    LARGEST_RELATIVE_ERROR,
    LEAST_KL,
    MONITORED,
    SEGMENTS,
    draw_segments,
    epoch_health,
    is_collapsed,
    measure_health,
)

D, FACTORS, K = 800, 10, 4
SIZES = {"input_size": D, "num_classes": K, "hidden": [64], "latent": 16, "activation": "relu"}
ADAM = {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8}
CPU = torch.device("cpu")
AE_ALONE = {"kl", "kl_per_dimension", "active_units", "log_likelihood", "mutual_information"}


def corpus(count: int, seed: int, label_std: float = 0.0) -> SegmentSet:
    """Segments of variance 1 that ten factors explain by 0.9, or ten and the label."""
    fixed = torch.Generator().manual_seed(0)
    loadings = torch.randn(FACTORS, D, generator=fixed) * math.sqrt(0.9 / FACTORS)
    means = torch.randn(K, D, generator=fixed) * label_std
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(count, FACTORS, generator=generator)
    noise = torch.randn(count, D, generator=generator) * math.sqrt(0.1)
    label = torch.arange(count) % K
    scale = math.sqrt(1 + label_std**2)
    return SegmentSet((factors @ loadings + noise + means[label]) / scale, torch.eye(K)[label])


def network(kind: Any, beta: float = 1.0) -> Any:
    return kind(**SIZES) if kind is AE else kind(**SIZES, beta=beta)


def learn(model: Any, data: SegmentSet, epochs: int) -> Any:
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    for _ in range(epochs):
        for items in torch.randperm(len(data)).split(64):
            batch = data[BatchIndex(items, loss_scale=1.0)]
            optimizer.zero_grad()
            model.loss(batch.x, batch.c)["loss"].mean().backward()
            optimizer.step()
    return model


def measured(model: Any, data: SegmentSet, seed: int = 0) -> dict[str, Any]:
    return measure_health(model, data, seed=seed, device=CPU)


TRAIN, TEST = corpus(1024, seed=1), corpus(300, seed=2)
LABELLED = [corpus(count, seed=count, label_std=1.0) for count in (1024, 300)]


@functools.cache
def trained(kind: Any) -> Any:
    torch.manual_seed(0)
    return learn(network(kind), TRAIN, epochs=12)


@functools.cache
def collapsed_cvae() -> Any:
    """A CVAE that decodes nothing but the label."""
    torch.manual_seed(0)
    return learn(network(CVAE, beta=float(D)), LABELLED[0], epochs=20)


@pytest.mark.parametrize("kind", [VAE, CVAE])
def test_the_papers_loss_does_not_set_off_the_alarm(kind):
    health = measured(trained(kind), TEST)
    assert not health["collapsed"]
    assert health["relative_error"] < 0.3
    assert health["kl"] > 10
    assert health["sentence"].startswith("No collapse: relative error 0.")


def test_a_kl_of_800_times_the_weight_sets_off_the_alarm():
    health = measured(learn(network(VAE, beta=float(D)), TRAIN, epochs=12), TEST)
    assert health["collapsed"]
    assert health["relative_error"] > LARGEST_RELATIVE_ERROR
    assert health["kl"] < 0.1 < LEAST_KL
    assert health["active_units"] == 0
    assert health["sentence"].startswith("COLLAPSED or hardly trained: relative error ")


def test_a_squared_error_averaged_over_its_values_sets_off_the_alarm(monkeypatch):
    """The mistake itself: nothing that is measured may go through what is minimised."""

    def averaged(x: Any, x_hat: Any, posterior: Any, beta: float) -> dict[str, torch.Tensor]:
        return {"loss": squared_error(x, x_hat) / D + beta * posterior.kl().sum(dim=-1)}

    monkeypatch.setattr(vae, "negative_lower_bound", averaged)
    health = measured(learn(network(VAE), TRAIN, epochs=12), TEST)
    assert health["collapsed"]
    assert health["kl"] < 0.1


def test_a_collapsed_cvae_that_decodes_its_labels_mean_is_recognised_by_its_kl():
    """Under another label it is worse than the mean: it decodes nothing else."""
    model, test = collapsed_cvae(), LABELLED[1]
    health = measured(model, test)
    assert health["relative_error"] < LARGEST_RELATIVE_ERROR
    assert health["collapsed"]
    wrong = SegmentSet(test.source, test.condition.roll(1, dims=0))
    assert measured(model, wrong)["relative_error"] > 1.2


def test_only_the_relative_error_decides_for_an_autoencoder():
    for model, collapsed in ((network(AE), True), (trained(AE), False)):
        health = measured(model, TEST)
        assert health["collapsed"] == collapsed
        assert {name for name, value in health.items() if value is None} == AE_ALONE
        assert "KL" not in health["sentence"]


@pytest.mark.parametrize(
    ("error", "kl", "expected"),
    [
        (0.9, 5.0, False),
        (0.901, 30.0, True),
        (0.1, 4.99, True),
        (0.1, None, False),
        (1.0, None, True),
        (math.nan, 30.0, True),
        (0.1, math.nan, True),
        (math.inf, None, True),
    ],
)
def test_the_alarm_fires_on_either_side_and_for_nan(error, kl, expected):
    assert is_collapsed(error, kl) == expected


def test_the_kl_agrees_with_torch_distributions():
    model = network(CVAE)
    x, c = TEST.source, TEST.condition
    with torch.no_grad():
        mu, log_var = model.posterior(x, c)
    each = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).mean(dim=0)
    health = measured(model, TEST)
    assert health["kl_per_dimension"] == pytest.approx(each.tolist(), rel=1e-4)
    assert health["kl"] == pytest.approx(each.sum().item(), rel=1e-4)
    assert health["latent"] == 16
    assert health["segments"] == 300


@pytest.mark.parametrize(("kind", "end"), [(VAE, "set."), (CVAE, "set, each with its label.")])
def test_the_sentence_says_what_was_measured_on_what(kind, end):
    health = measured(network(kind), TEST)
    assert json.loads(json.dumps(health)) == health
    assert health["sentence"].endswith(f" of 16 units active; 300 segments of the test {end}")
    assert "(alarm above 0.9)" in health["sentence"]
    assert "nats per segment (alarm below 5)" in health["sentence"]


def test_a_model_without_a_reconstruction_has_no_health():
    assert epoch_health(torch.nn.Linear(D, 3), draw_segments(TEST, 0)) == {}


def test_measuring_repeats_itself_and_leaves_noise_and_weights_alone():
    model, data = network(VAE), corpus(SEGMENTS + 100, seed=5)
    weights, stream = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    first, again, other = (measured(model, data, seed) for seed in (1, 1, 2))
    assert first == again
    assert first["segments"] == SEGMENTS
    assert first["kl"] != other["kl"]
    assert first["log_likelihood"] != other["log_likelihood"]
    assert torch.equal(stream, torch.get_rng_state())
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())


def test_dropout_is_off_while_measuring():
    model = network(VAE)
    model.encoder.append(torch.nn.Dropout(0.5))
    batch = draw_segments(TEST, 0)
    assert epoch_health(model, batch) == epoch_health(model, batch)


def test_monitored_segments_are_drawn_by_the_seed_alone():
    data = SegmentSet(torch.arange(1000.0)[:, None], torch.arange(1000.0)[:, None])
    first, again, other = (draw_segments(data, seed) for seed in (0, 0, 1))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)
    assert torch.equal(first.x, first.c)
    assert len(first.x.unique()) == MONITORED
    assert len(draw_segments(TEST, 0, at_most=10_000).x) == 300
