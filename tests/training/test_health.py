"""The alarm, on a corpus that can be learnt and on real speech, and what else is measured."""

import copy
import functools
import json
import math
import os
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from ser_vae.data.batch import Pick
from ser_vae.data.segment import Segmentation, cut
from ser_vae.data.sets import SegmentSet
from ser_vae.features import audio
from ser_vae.features.normalise import Normaliser
from ser_vae.model import vae
from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.objective import squared_error
from ser_vae.model.vae import VAE
from ser_vae.run import configure
from ser_vae.settings import build
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


def corpus(count: int, seed: int, label_deviation: float = 0.0) -> SegmentSet:
    """Segments of variance 1 that ten factors explain by 0.9, or ten and the label."""
    fixed = torch.Generator().manual_seed(0)
    loadings = torch.randn(FACTORS, D, generator=fixed) * math.sqrt(0.9 / FACTORS)
    means = torch.randn(K, D, generator=fixed) * label_deviation
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(count, FACTORS, generator=generator)
    noise = torch.randn(count, D, generator=generator) * math.sqrt(0.1)
    label = torch.arange(count) % K
    scale = math.sqrt(1 + label_deviation**2)
    return SegmentSet((factors @ loadings + noise + means[label]) / scale, torch.eye(K)[label])


def network(kind: Any, beta: float = 1.0) -> Any:
    return kind(**SIZES) if kind is AE else kind(**SIZES, beta=beta)


def learn(model: Any, data: SegmentSet, epochs: int) -> Any:
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    for _ in range(epochs):
        for items in torch.randperm(len(data)).split(64):
            batch = data[Pick(items, share=1.0)]
            optimizer.zero_grad()
            model.loss(batch.x, batch.c)["loss"].mean().backward()
            optimizer.step()
    return model


def measured(model: Any, data: SegmentSet, seed: int = 0) -> dict[str, Any]:
    found = measure_health(model, data, part="test", seed=seed, device=CPU)
    assert found is not None
    return found


TRAIN, TEST = corpus(1024, seed=1), corpus(300, seed=2)
LABELLED = [corpus(count, seed=count, label_deviation=1.0) for count in (1024, 300)]


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
    found = measured(trained(kind), TEST)
    assert not found["collapsed"]
    assert found["relative_error"] < 0.3
    assert found["kl"] > 10
    assert found["sentence"].startswith("No collapse: relative error 0.")


def test_a_kl_of_800_times_the_weight_sets_off_the_alarm():
    found = measured(learn(network(VAE, beta=float(D)), TRAIN, epochs=12), TEST)
    assert found["collapsed"]
    assert found["relative_error"] > LARGEST_RELATIVE_ERROR
    assert found["kl"] < 0.1 < LEAST_KL
    assert found["active_units"] == 0
    assert found["sentence"].startswith("COLLAPSED or hardly trained: relative error ")


def test_a_squared_error_averaged_over_its_values_sets_off_the_alarm(monkeypatch):
    """The mistake itself: nothing that is measured may go through what is minimised."""

    def averaged(x: Any, x_hat: Any, posterior: Any, beta: float) -> dict[str, torch.Tensor]:
        return {"loss": squared_error(x, x_hat) / D + beta * posterior.kl().sum(dim=-1)}

    monkeypatch.setattr(vae, "negative_lower_bound", averaged)
    found = measured(learn(network(VAE), TRAIN, epochs=12), TEST)
    assert found["collapsed"]
    assert found["kl"] < 0.1


def test_a_collapsed_cvae_that_decodes_its_labels_mean_is_found_by_its_kl():
    found = measured(collapsed_cvae(), LABELLED[1])
    assert found["relative_error"] < LARGEST_RELATIVE_ERROR
    assert found["collapsed"]


def test_an_autoencoder_is_judged_by_its_relative_error_alone():
    for model, collapsed in ((network(AE), True), (trained(AE), False)):
        found = measured(model, TEST)
        assert found["collapsed"] == collapsed
        assert {name for name, value in found.items() if value is None} == AE_ALONE
        assert "KL" not in found["sentence"]


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
def test_the_alarm_sounds_on_either_side_and_for_what_is_no_number(error, kl, expected):
    assert is_collapsed(error, kl) == expected


@pytest.mark.parametrize("name", ["ravdess", "urdu"])
def test_on_real_speech_the_alarm_tells_the_papers_loss_from_a_mean(name):
    """Every sixth utterance of the corpus, the configured VAE, two thirds to learn from."""
    if not os.environ.get(f"{name.upper()}_ROOT"):
        pytest.skip(f"{name.upper()}_ROOT is not set: no real speech")
    train, test = speech(name)
    for beta, epochs, collapsed in ((1.0, 8, False), (float(D), 4, True)):
        config = configure("model=vae", f"model.beta={beta}")["model"]
        model = build(config, input_size=D, num_classes=K)
        found = measured(learn(model, train, epochs), test)
        assert found["collapsed"] == collapsed, found["sentence"]
        assert (found["kl"] > 15) == (found["relative_error"] < 0.5) == (not collapsed)


def speech(name: str) -> tuple[SegmentSet, SegmentSet]:
    config = configure(f"corpus={name}", "features.trim_db=40")
    log_mel, utterances = build(config["features"]), build(config["corpus"]).utterances[::6]
    frames = [log_mel(audio.read(u.path, log_mel.sample_rate)) for u in utterances]
    segments = cut(frames, Segmentation(10, 10, "drop"))
    in_train = torch.arange(len(utterances)) % 3 > 0
    speakers = [u.speaker for u in utterances]
    views = segments.frames_by_utterance()
    normaliser = Normaliser.fit("train", views, speakers, in_train.tolist())
    for view in views:
        normaliser.apply(view, None)
    parts = [segments.of(chosen) for chosen in (in_train, ~in_train)]
    train, test = (SegmentSet(part, torch.full((len(part), K), 1 / K)) for part in parts)
    return train, test


def test_the_kl_agrees_with_torch_distributions():
    model = network(CVAE)
    x, c = TEST.source, TEST.condition
    with torch.no_grad():
        mu, log_var = model.posterior(x, c)
    each = kl_divergence(Normal(mu, (0.5 * log_var).exp()), Normal(0.0, 1.0)).mean(dim=0)
    found = measured(model, TEST)
    assert found["kl_per_dimension"] == pytest.approx(each.tolist(), rel=1e-4)
    assert found["kl"] == pytest.approx(each.sum().item(), rel=1e-4)
    assert found["latent"] == 16
    assert found["segments"] == 300


def test_the_likelihood_is_above_the_papers_bound_and_its_gap_is_small_when_trained():
    model = trained(VAE)
    with torch.no_grad():
        loss = torch.stack([model.loss(TEST.source, TEST.condition)["loss"] for _ in range(20)])
    bound = -loss.mean().item() - D / 2 * math.log(math.pi)
    found = measured(model, TEST)["log_likelihood"]
    assert bound < found < bound + 20


def test_what_is_measured_is_what_metrics_json_holds():
    found = measured(network(VAE), TEST)
    assert json.loads(json.dumps(found)) == found
    assert set(found) == {
        *("relative_error", "kl", "kl_per_dimension", "active_units", "latent", "log_likelihood"),
        *("mutual_information", "segments", "part", "collapsed", "sentence"),
    }


def test_the_sentence_says_what_was_measured_on_what():
    told, untold = (measured(network(kind), TEST)["sentence"] for kind in (CVAE, VAE))
    assert untold.endswith(" of 16 units active; 300 segments of the test set.")
    assert told.endswith("; 300 segments of the test set, each with its label.")
    for sentence in (told, untold):
        assert "(alarm above 0.9)" in sentence
        assert "nats per segment (alarm below 5)" in sentence


def test_a_conditional_model_is_told_what_the_data_say():
    """A collapsed one decodes nothing but the label: told another, it is worse than the mean."""
    model, test = collapsed_cvae(), LABELLED[1]
    wrong = SegmentSet(test.source, test.condition.roll(1, dims=0))
    told, mistold = (measured(model, data)["relative_error"] for data in (test, wrong))
    assert told < 0.9
    assert mistold > 1.2


def test_a_model_without_a_reconstruction_has_no_health():
    model = torch.nn.Linear(D, 3)
    assert measure_health(model, TEST, part="test", seed=0, device=CPU) is None
    assert epoch_health(model, draw_segments(TEST, 0)) == {}


def test_measuring_repeats_itself_and_leaves_noise_weights_and_mode_alone():
    model, data = network(VAE), corpus(SEGMENTS + 100, seed=5)
    weights, stream = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    first, again, other = (measured(model, data, seed) for seed in (1, 1, 2))
    assert first == again
    assert first["segments"] == SEGMENTS
    assert first["kl"] != other["kl"]
    assert first["log_likelihood"] != other["log_likelihood"]
    assert torch.equal(stream, torch.get_rng_state())
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert model.training


def test_dropout_is_off_while_measuring_and_on_again_behind_it():
    model = network(VAE)
    model.encoder.append(torch.nn.Dropout(0.5))
    batch = draw_segments(TEST, 0)
    assert epoch_health(model, batch) == epoch_health(model, batch)
    assert model.training
    assert model.encoder[-1].training


def test_the_segments_watched_are_some_of_the_data_drawn_by_the_seed_alone():
    data = SegmentSet(torch.arange(1000.0)[:, None], torch.arange(1000.0)[:, None])
    torch.manual_seed(1)
    first, other = draw_segments(data, 0), draw_segments(data, 1)
    torch.manual_seed(2)
    again = draw_segments(data, 0)
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, other.x)
    assert len(first.x.unique()) == MONITORED
    assert torch.equal(first.x, first.c)
    assert first.x.mean().item() == pytest.approx(500, abs=5 * 289 / math.sqrt(MONITORED))
    assert len(draw_segments(TEST, 0, at_most=10_000).x) == 300
