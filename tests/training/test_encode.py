"""Latents of every segment, and the one gate by which a label can enter them."""

from typing import get_args

import numpy as np
import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments, cut
from ser_vae.model.cvae import CVAE
from ser_vae.training import encode as module
from ser_vae.training.encode import CHUNK, LEAKING, LabelPolicy, condition, encode

F, LENGTH, K = 2, 3, 4
CPU = torch.device("cpu")
LABEL = torch.tensor([0, 1, 2, 3, 1])
PERMUTED = torch.tensor([3, 0, 0, 2, 2])
POLICIES = pytest.mark.parametrize("policy", get_args(LabelPolicy))


def segments(*counts: int) -> Segments:
    draw = np.random.default_rng(0).normal
    frames = [draw(size=(LENGTH * count, F)).astype(np.float32) for count in counts]
    return cut(frames, length=LENGTH, hop=LENGTH, remainder="drop")


def cvae() -> CVAE:
    return CVAE(
        input_size=LENGTH * F, num_classes=K, hidden=[8], latent=5, activation="tanh", beta=1.0
    )


def latents(model: CVAE, label: torch.Tensor, policy: LabelPolicy, **how: object) -> torch.Tensor:
    settings = {"sample": False, "seed": 0, **how}
    told = condition(policy, label, K)
    return encode(model, segments(2, 3, 1, 4, 2), told, device=CPU, **settings)


@POLICIES
def test_a_label_reaches_the_latents_only_by_a_policy_that_is_marked_as_leaking(policy):
    model = cvae()
    same = torch.equal(latents(model, LABEL, policy), latents(model, PERMUTED, policy))
    assert same == (policy not in LEAKING)


def test_without_a_label_the_encoder_is_told_that_all_are_alike():
    assert torch.equal(condition("null", LABEL, K), torch.full((5, K), 0.25))


def test_the_oracle_tells_the_truth():
    assert torch.equal(condition("oracle", LABEL, K), torch.eye(K)[LABEL])


def test_an_unknown_policy_is_refused():
    with pytest.raises(SerVaeError, match=r"null.*oracle.*'true'"):
        condition("true", LABEL, K)


@POLICIES
def test_each_segment_is_encoded_with_its_own_utterances_condition(policy):
    model, told, whole = cvae(), condition(policy, LABEL, K), segments(2, 3, 1, 4, 2)
    found = encode(model, whole, told, sample=False, seed=0, device=CPU)
    for segment, utterance in enumerate([0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 4, 4]):
        alone = model.feature(
            whole[torch.tensor([segment])], told[utterance : utterance + 1], sample=False
        )
        torch.testing.assert_close(found[segment], alone[0])


def test_mu_needs_no_seed():
    model = cvae()
    assert torch.equal(latents(model, LABEL, "null", seed=0), latents(model, LABEL, "null", seed=1))


def test_a_sample_follows_from_its_seed_alone():
    model = cvae()
    first = latents(model, LABEL, "null", sample=True, seed=0)
    torch.manual_seed(99)
    assert torch.equal(first, latents(model, LABEL, "null", sample=True, seed=0))
    assert not torch.equal(first, latents(model, LABEL, "null", sample=True, seed=1))
    assert not torch.equal(first, latents(model, LABEL, "null", sample=False))


def test_segments_at_the_border_of_a_chunk_have_their_own_latents():
    model, whole = cvae(), segments(CHUNK - 1, 3)
    told = condition("oracle", torch.tensor([0, 1]), K)
    found = encode(model, whole, told, sample=False, seed=0, device=CPU)
    assert found.shape == (CHUNK + 2, 5)
    index = torch.arange(CHUNK - 2, CHUNK + 2)
    alone = model.feature(whole[index], torch.eye(K)[[0, 1, 1, 1]], sample=False)
    torch.testing.assert_close(found[index], alone)


def test_two_chunks_are_not_given_the_same_noise(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 6)
    model = cvae()
    noise = latents(model, LABEL, "null", sample=True) - latents(model, LABEL, "null")
    assert not torch.isclose(noise[:6], noise[6:]).any()


def test_dropout_of_a_representation_is_off():
    model = cvae().train()
    model.encoder.append(torch.nn.Dropout(0.5))
    assert torch.equal(latents(model, LABEL, "null"), latents(model, LABEL, "null"))


def test_latents_carry_no_gradient():
    assert not latents(cvae(), LABEL, "null").requires_grad
