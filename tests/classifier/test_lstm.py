"""The LSTM classifier: the logits of an utterance do not depend on its batch."""

import itertools

import pytest
import torch

from ser_vae.classifier.lstm import LSTMClassifier

Z, K = 5, 4
LENGTHS = (3, 1, 9, 4)
EVERY_KIND = pytest.mark.parametrize(
    ("pooling", "bidirectional"), list(itertools.product(("last", "mean"), (False, True)))
)


def classifier(pooling: str, bidirectional: bool, **changed: object) -> LSTMClassifier:
    settings = {"hidden": 6, "layers": 2, "dense": 7, "dropout": 0.0, **changed}
    return LSTMClassifier(
        input_size=Z, num_classes=K, pooling=pooling, bidirectional=bidirectional, **settings
    ).eval()


def padded(utterances: list[torch.Tensor], steps: int, padding: float) -> torch.Tensor:
    z = torch.full((len(utterances), steps, Z), padding)
    for row, utterance in zip(z, utterances, strict=True):
        row[: len(utterance)] = utterance
    return z


def written_out(model: LSTMClassifier, utterance: torch.Tensor) -> torch.Tensor:
    """Logits of one unpadded utterance, from the final states that PyTorch's LSTM returns."""
    states, (last, _) = model.lstm(utterance[None])
    ends = last[-2:, 0] if model.lstm.bidirectional else last[-1:, 0]
    pooled = torch.cat(list(ends)) if model.pooling == "last" else states[0].mean(0)
    _, first, _, _, second = model.dense
    hidden = (pooled @ first.weight.T + first.bias).clamp(min=0)
    return hidden @ second.weight.T + second.bias


@EVERY_KIND
@pytest.mark.parametrize("padding", [-1e4, 0.0, 1e30])
@pytest.mark.parametrize("more", [0, 5])
def test_logits_agree_with_each_utterance_run_alone_and_unpadded(
    pooling, bidirectional, padding, more
):
    model = classifier(pooling, bidirectional)
    utterances = [torch.randn(length, Z) for length in LENGTHS]
    logits = model(padded(utterances, max(LENGTHS) + more, padding), torch.tensor(LENGTHS))
    expected = torch.stack([written_out(model, utterance) for utterance in utterances])
    torch.testing.assert_close(logits, expected)


@EVERY_KIND
def test_padding_has_no_gradient_and_every_parameter_has_one(pooling, bidirectional):
    model, z = classifier(pooling, bidirectional), torch.randn(4, 9, Z, requires_grad=True)
    model(z, torch.tensor(LENGTHS)).square().sum().backward()
    for row, length in zip(z.grad, LENGTHS, strict=True):
        assert not row[length:].any()
        assert row[:length].any(dim=-1).all()
    assert all(parameter.grad.any() for parameter in model.parameters())


def test_it_has_two_layers_of_the_configured_widths():
    sizes = {"hidden": 64, "layers": 2, "dense": 32, "dropout": 0.0}
    model = LSTMClassifier(
        input_size=128, num_classes=4, pooling="last", bidirectional=False, **sizes
    )
    gates = 4 * (64 * 128 + 64 * 64 + 2 * 64) + 4 * (64 * 64 + 64 * 64 + 2 * 64)
    dense = 64 * 32 + 32 + 32 * 4 + 4
    assert sum(parameter.numel() for parameter in model.parameters()) == gates + dense


@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_acts_in_training_only(layers):
    model = classifier("last", False, dropout=0.5, layers=layers)
    z, length = torch.randn(4, 9, Z), torch.tensor(LENGTHS)
    assert torch.equal(model(z, length), model(z, length))
    model.train()
    assert not torch.equal(model(z, length), model(z, length))


def test_standardised_latents_have_mean_0_and_variance_1_over_the_training_set():
    model, plain = classifier("last", False, standardise=True), classifier("last", False)
    assert not plain.load_state_dict(model.state_dict(), strict=False).missing_keys
    assert model.state_dict().keys() - plain.state_dict().keys() == {"mean", "std"}  # are saved
    train = torch.randn(500, Z) * torch.arange(1.0, Z + 1) + 3.0
    train[:, 0] = 2.0  # a constant dimension is only shifted
    model.fit_scale(train)
    scaled = model.scaled(train)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(Z), atol=1e-4, rtol=0)
    torch.testing.assert_close(scaled[:, 1:].var(0, correction=0), torch.ones(Z - 1))
    z, length = scaled[:12].reshape(2, 6, Z), torch.tensor([6, 4])
    expected = plain(z, length)
    torch.testing.assert_close(model(train[:12].reshape(2, 6, Z), length), expected)
