"""The VAE of whole utterances: its loss by hand, its controls, and the values that it sees."""

from typing import Any

import numpy as np
import pytest
import torch
from known_utterances import EMOTIONS, four_speakers, known_of
from torch.distributions import Normal, kl_divergence

from ser_vae import SerVaeError
from ser_vae.features.functionals import functionals
from ser_vae.model.utterance_vae import Member, UtteranceVAE

E, Z, K = 12, 3, 4
EGEMAPS = {
    "_target_": "ser_vae.features.egemaps.EGeMAPS",
    "level": "functionals",
    "sample_rate": 16_000,
    "window": 0.025,
    "frame_shift": 0.010,
    "trim_db": None,
}
NETWORK = {
    "hidden": [8],
    "latent": Z,
    "activation": "tanh",
    "dropout": 0.5,
    "beta": 0.3,
    "elbo_weight": 0.7,
    "label_smoothing": 0.1,
    "trained": True,
}
X, LABEL = (
    torch.randn(5, E, generator=torch.Generator().manual_seed(3)),
    torch.tensor([0, 3, 1, 2, -1]),
)
WEIGHT = torch.tensor([1.25, 1.25, 1.25, 1.25, 0.0])


def member(**settings: Any) -> Member:
    return Member(input_size=E, num_classes=K, **{**NETWORK, **settings})


def model(*, members: int = 1, **settings: Any) -> UtteranceVAE:
    """Of segments of 10 frames of 3 values each, as `known_utterances` makes them."""
    return UtteranceVAE(
        input_size=30,
        num_classes=len(EMOTIONS),
        segment_frames=10,
        egemaps=EGEMAPS,
        functionals="thirds",
        clip=2.0,
        members=members,
        training={},
        **{**NETWORK, **settings},
    )


def test_the_loss_is_cross_entropy_and_the_bound_per_value():
    network = member().eval()
    torch.manual_seed(5)
    terms = network.loss(X, LABEL, WEIGHT)
    torch.manual_seed(5)
    mu, log_var = network.posterior(X)
    sigma = log_var.exp().sqrt()
    z = mu + sigma * torch.randn(5, Z)
    kl = kl_divergence(Normal(mu, sigma), Normal(0.0, 1.0)).sum(1)
    error = (network.decoder(z) - X).square().sum(1)
    log_probability = network.head(z).log_softmax(1)
    smooth = torch.full((4, K), 0.1 / K) + 0.9 * torch.eye(K)[LABEL[:4]]
    wrong = torch.cat([-(smooth * log_probability[:4]).sum(1) * 1.25, torch.zeros(1)])
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["squared_error"], error)
    torch.testing.assert_close(terms["cross_entropy"], wrong)
    torch.testing.assert_close(terms["loss"], wrong + 0.7 * (error + 0.3 * kl) / E)


def test_what_has_no_label_teaches_encoder_and_decoder_and_not_the_head():
    network = member()
    network.loss(X[4:], LABEL[4:], WEIGHT[4:])["loss"].mean().backward()
    assert network.encoder[0].weight.grad.any()
    assert network.decoder[0].weight.grad.any()
    assert not network.head.weight.grad.any()


def test_without_the_bound_z_is_mu_and_nothing_without_a_label_counts():
    network = member(elbo_weight=0.0).eval()
    terms = network.loss(X, LABEL, WEIGHT)
    torch.testing.assert_close(terms["loss"], terms["cross_entropy"])
    torch.testing.assert_close(terms["loss"], network.loss(X, LABEL, WEIGHT)["loss"])
    assert terms["loss"][4] == 0
    own = torch.nn.functional.cross_entropy(network.logits(X[:4]), LABEL[:4], label_smoothing=0.1)
    torch.testing.assert_close(terms["loss"].mean(), own)
    learnt = {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert learnt == {"encoder", "to_mu", "head"}


def test_untrained_the_head_alone_learns():
    network = member(trained=False)
    terms = network.loss(X, LABEL, WEIGHT)
    torch.testing.assert_close(terms["loss"], terms["cross_entropy"])
    learnt = {name for name, p in network.named_parameters() if p.requires_grad}
    assert learnt == {"head.weight", "head.bias"}


def test_values_are_dropped_in_training_and_none_is_in_a_prediction():
    network = member()
    assert not torch.equal(network.logits(X), network.logits(X))
    network.eval()
    assert torch.equal(network.logits(X), network.logits(X))


def test_members_differ_and_their_log_probabilities_are_averaged():
    joined = model(members=3).eval()
    x = torch.randn(6, joined.members[0].encoder[0].in_features)
    each = torch.stack([own.logits(x).softmax(1) for own in joined.members])
    assert not torch.allclose(each[0], each[1])
    expected = each.prod(0) ** (1 / 3)
    torch.testing.assert_close(
        joined(x).softmax(1), expected / expected.sum(1, keepdim=True), rtol=1e-4, atol=1e-6
    )


def test_a_member_learns_as_if_it_were_alone():
    joined = model(members=2).eval()
    x = torch.randn(5, joined.members[0].encoder[0].in_features)
    torch.manual_seed(1)
    joined.loss(x, LABEL.clamp(max=2), WEIGHT)["loss"].mean().backward()
    first = joined.members[0]
    found = first.to_mu.weight.grad.clone()
    first.zero_grad()
    torch.manual_seed(1)
    first.loss(x, LABEL.clamp(max=2), WEIGHT)["loss"].mean().backward()
    torch.testing.assert_close(2 * found, first.to_mu.weight.grad)


def test_no_member_is_refused():
    with pytest.raises(SerVaeError, match=r"model\.members=0"):
        model(members=0)


def test_its_values_are_egemaps_and_functionals_of_the_frames_clipped():
    material = four_speakers()
    whole = np.random.default_rng(2).normal(4, 2, (48, 88))
    known, network = known_of(material, normalise="speaker", whole=whole), model()
    values = network.values(known)
    over_time = np.stack([functionals("thirds", frames) for frames in known.frames])
    joined = np.hstack([whole, over_time])
    for speaker in set(known.speakers):
        own = np.array(known.speakers) == speaker
        joined[own] = (joined[own] - joined[own].mean(0)) / joined[own].std(0)
    np.testing.assert_allclose(values, joined.clip(-2, 2), atol=1e-3)
    assert (np.abs(joined) > 2).any()
    assert network(values).shape == (48, len(EMOTIONS))
