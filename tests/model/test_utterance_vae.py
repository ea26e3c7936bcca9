"""The VAE of whole utterances: its loss by hand, its controls, and its input."""

from typing import Any

import numpy as np
import skops.io
import torch
from torch.distributions import Normal, kl_divergence
from utterances import EGEMAPS, RUNTIME, four_speakers

from ser_vae.baseline.utterance_svm import UtteranceVectors
from ser_vae.model.utterance_vae import Member, UtteranceVAE

E, Z, K = 12, 3, 4
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
X = torch.randn(5, E, generator=torch.Generator().manual_seed(3))
LABEL = torch.tensor([0, 3, 1, 2])
WEIGHTED = torch.cat([1.25 * torch.eye(K)[LABEL], torch.zeros(1, K)])  # the last is unlabelled


def member(**settings: Any) -> Member:
    return Member(input_size=E, num_classes=K, **{**NETWORK, **settings})


def model(*, members: int = 1) -> UtteranceVAE:
    return UtteranceVAE(
        **RUNTIME, egemaps=EGEMAPS, functionals="thirds", clip=2.0, members=members, training={},
        **NETWORK,
    )  # fmt: skip


def trainable(network: torch.nn.Module) -> set[str]:
    return {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}


def test_the_loss_is_cross_entropy_and_the_bound_per_value():
    network = member().eval()
    torch.manual_seed(5)
    terms = network.loss(X, WEIGHTED)
    torch.manual_seed(5)
    mu, log_var = network.posterior(X)
    sigma = log_var.exp().sqrt()
    z = mu + sigma * torch.randn(5, Z)
    kl = kl_divergence(Normal(mu, sigma), Normal(0.0, 1.0)).sum(1)
    error = (network.decoder(z) - X).square().sum(1)
    log_probability = network.head(z).log_softmax(1)
    smooth = torch.full((4, K), 0.1 / K) + 0.9 * torch.eye(K)[LABEL]
    entropy = torch.cat([-(smooth * log_probability[:4]).sum(1) * 1.25, torch.zeros(1)])
    torch.testing.assert_close(terms["kl"], kl)
    torch.testing.assert_close(terms["squared_error"], error)
    torch.testing.assert_close(terms["cross_entropy"], entropy)
    torch.testing.assert_close(terms["loss"], entropy + 0.7 * (error + 0.3 * kl) / E)


def test_unlabelled_utterances_train_encoder_and_decoder_but_not_the_head():
    network = member()
    network.loss(X[4:], WEIGHTED[4:])["loss"].mean().backward()
    assert network.encoder[0].weight.grad.any()
    assert network.decoder[0].weight.grad.any()
    assert not network.head.weight.grad.any()


def test_without_the_bound_z_is_mu_and_unlabelled_utterances_do_not_count():
    network = member(elbo_weight=0.0).eval()
    terms = network.loss(X, WEIGHTED)
    torch.testing.assert_close(terms["loss"], terms["cross_entropy"])
    assert terms["loss"][4] == 0
    expected = torch.nn.functional.cross_entropy(network.logits(X[:4]), LABEL, label_smoothing=0.1)
    torch.testing.assert_close(terms["loss"].mean(), expected)
    assert trainable(network) == {"encoder", "to_mu", "head"}


def test_untrained_only_the_head_is_trained():
    network = member(trained=False)
    terms = network.loss(X, WEIGHTED)
    torch.testing.assert_close(terms["loss"], terms["cross_entropy"])
    assert trainable(network) == {"head"}


def test_dropout_acts_in_training_only():
    network = member()
    assert not torch.equal(network.logits(X), network.logits(X))
    network.eval()
    assert torch.equal(network.logits(X), network.logits(X))


def test_members_differ_and_their_log_probabilities_are_averaged():
    ensemble = model(members=3).eval()
    x = torch.randn(6, ensemble.members[0].encoder[0].in_features)
    each = torch.stack([network.logits(x).softmax(1) for network in ensemble.members])
    assert not torch.allclose(each[0], each[1])
    expected = each.prod(0) ** (1 / 3)
    torch.testing.assert_close(
        ensemble(x).softmax(1), expected / expected.sum(1, keepdim=True), rtol=1e-4, atol=1e-6
    )


def test_a_member_learns_as_if_it_were_alone():
    ensemble = model(members=2).eval()
    first = ensemble.members[0]
    x, gradients = torch.randn(5, first.encoder[0].in_features), []
    for loss in (ensemble.loss, first.loss):
        first.zero_grad()
        torch.manual_seed(1)
        loss(x, WEIGHTED[:, :3])["loss"].mean().backward()
        gradients.append(first.to_mu.weight.grad.clone())
    torch.testing.assert_close(2 * gradients[0], gradients[1])


def test_it_predicts_from_the_clipped_vectors_and_so_does_a_reloaded_one():
    utterances, network, other = four_speakers(), model(), model()
    vectors = network.fit_vectors(utterances.data, utterances.part, "speaker")
    both = UtteranceVectors("thirds", EGEMAPS)
    expected = both.fit_vectors(utterances.data, utterances.part, "speaker").clip(-2, 2)
    np.testing.assert_array_equal(vectors, expected)
    test = utterances.select(utterances.test)
    probability = network.predict_proba(test)
    logits = network(torch.from_numpy(expected[utterances.test]).float())
    np.testing.assert_array_equal(probability, logits.double().softmax(1).detach())
    other.load_state_dict(network.state_dict())
    state = skops.io.dumps(network.state())
    other.load_state(skops.io.loads(state, trusted=[]))
    np.testing.assert_array_equal(other.predict_proba(test), probability)
