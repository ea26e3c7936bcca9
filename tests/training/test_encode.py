"""Latents of every segment, and the condition that a label can enter them by."""

import numpy as np
import pytest
import torch

from ser_vae.data.segment import Segmentation, Segments, cut
from ser_vae.model.cvae import CVAE
from ser_vae.training import predict
from ser_vae.training.label_policy import DRAWS, Trained
from ser_vae.training.predict import (
    Marginal,
    encode,
    one_hot_condition,
    uniform_condition,
)
from ser_vae.training.seeding import seed_for

F, LENGTH, K = 2, 3, 4
CPU = torch.device("cpu")
LABEL = torch.tensor([0, 1, 2, 3, 1])


def segments(*counts: int) -> Segments:
    draw = np.random.default_rng(0).normal
    frames = [draw(size=(LENGTH * count, F)).astype(np.float32) for count in counts]
    return cut(frames, Segmentation(LENGTH, LENGTH, "drop"))


def cvae() -> CVAE:
    return CVAE(
        input_size=LENGTH * F, num_classes=K, hidden=[8], latent=5, activation="tanh", beta=4.0
    )


def latents(model: torch.nn.Module, c: torch.Tensor, seed: int | None = None) -> torch.Tensor:
    return encode(model, segments(2, 3, 1, 4, 2), c, CPU, seed)


NO_LABEL = uniform_condition(5, K)


@pytest.mark.parametrize("c", [NO_LABEL, one_hot_condition(LABEL, K)], ids=["no label", "label"])
def test_each_segment_is_encoded_with_the_condition_of_its_utterance(c, monkeypatch):
    monkeypatch.setattr(predict, "CHUNK", 5)
    model, whole = cvae(), segments(2, 3, 1, 4, 2)
    result = encode(model, whole, c, CPU)
    for segment, utterance in enumerate([0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 4, 4]):
        alone = model.feature(
            whole[torch.tensor([segment])], c[utterance : utterance + 1], sample=False
        )
        torch.testing.assert_close(result[segment], alone[0])


def test_a_marginal_latent_is_the_mean_over_the_labels_whatever_the_condition():
    model = cvae()
    each = [latents(model, one_hot_condition(torch.full((5,), label), K)) for label in range(K)]
    for c in (NO_LABEL, one_hot_condition(LABEL, K)):
        result = latents(Marginal(model, K), c)
        torch.testing.assert_close(result, sum(each) / K)


def bounds(model: CVAE, seed: int = 0) -> torch.Tensor:
    trained = Trained(model, {}, segments(2, 3, 1, 4, 2), [""] * 5, K, seed, CPU)
    return torch.from_numpy(trained.bounds)


def test_a_lower_bound_is_minus_the_loss_summed_over_the_utterance():
    """By hand: the noise of each draw, segments in order; the KL has weight 1, not beta."""
    model, whole = cvae(), segments(2, 3, 1, 4, 2)
    x, owner = whole[torch.arange(12)], whole.utterance
    for label in range(K):
        c = torch.eye(K)[label].expand(12, -1)
        torch.manual_seed(seed_for(7, "lower bound"))
        losses = []
        for _ in range(DRAWS):
            posterior = model.posterior(x, c)
            z = posterior.mu + torch.randn(12, 5) * torch.exp(0.5 * posterior.log_var)
            error = (x - model.decode(z, c)).square().sum(dim=1)
            losses.append(error + posterior.kl().sum(dim=1))
        by_hand = [-sum(losses)[owner == u].sum() / DRAWS for u in range(5)]
        result = bounds(model, seed=7)[:, label]
        torch.testing.assert_close(result.float(), torch.stack(by_hand).detach(), rtol=1e-5, atol=0)


def test_a_sample_follows_from_its_seed_alone():
    model = cvae()
    first = latents(model, NO_LABEL, seed=0)
    torch.manual_seed(99)
    assert torch.equal(first, latents(model, NO_LABEL, seed=0))
    assert not torch.equal(first, latents(model, NO_LABEL, seed=1))
    assert not torch.equal(first, latents(model, NO_LABEL))


def test_dropout_of_a_representation_is_off():
    model = cvae().train()
    model.encoder.append(torch.nn.Dropout(0.5))
    assert torch.equal(latents(model, NO_LABEL), latents(model, NO_LABEL))
