"""The second stage: cross-entropy on latents, or on segments whose encoder learns too."""

import pytest
import torch
from fit_stage import classify_stage, small_lstm

from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.data.batch import BatchIndex
from ser_vae.data.sets import SequenceBatch, SequenceSet, SplitBatch
from ser_vae.model.cvae import CVAE

D, Z, K = 6, 3, 4
LENGTH = torch.tensor([2, 5, 1])


def batch(width: int) -> SequenceBatch:
    label = torch.tensor([0, 3, 1])
    x = torch.randn(3, 5, width)
    x[torch.arange(5) >= LENGTH[:, None]] = 0.0
    return SequenceBatch(x, LENGTH, torch.eye(K)[label], label, 1.0)


def lstm() -> LSTMClassifier:
    return small_lstm(pooling="mean")


def cvae() -> CVAE:
    return CVAE(input_size=D, num_classes=K, hidden=[5], latent=Z, activation="tanh", beta=1.0)


def test_terms_are_per_utterance():
    stage, given = classify_stage(lstm()), batch(Z)
    probability = stage.head(given.x, given.length).softmax(dim=1)
    terms = stage.terms(given)
    correct = torch.stack([row[k] for row, k in zip(probability, given.label, strict=True)])
    torch.testing.assert_close(terms["loss"], -correct.log())
    assert terms["accuracy"].tolist() == [
        float(correct[u] == probability[u].max()) for u in range(3)
    ]


def test_a_fine_tuned_encoder_gives_the_loss_of_frozen_latents():
    """Each segment is encoded with the condition of its utterance, as `encode` does."""
    model, classifier, given = cvae(), lstm(), batch(D)
    z = torch.zeros(3, 5, Z)
    for u, length in enumerate(LENGTH):
        condition = given.c[u].expand(int(length), K)
        z[u, :length] = model.feature(given.x[u, :length], condition, sample=False)
    tuned = classify_stage(classifier, encoder=model)
    frozen = classify_stage(classifier)
    torch.testing.assert_close(
        tuned.terms(given)["loss"], frozen.terms(given._replace(x=z))["loss"]
    )


def test_a_fine_tuned_encoder_can_pass_on_samples():
    stage = classify_stage(lstm(), encoder=cvae(), sample=True)
    given = batch(D)
    assert not torch.equal(stage.terms(given)["loss"], stage.terms(given)["loss"])


def test_the_gradient_reaches_the_encoder_and_not_the_decoder():
    stage = classify_stage(lstm(), encoder=cvae())
    stage.terms(batch(D))["loss"].mean().backward()
    assert all(parameter.grad.any() for parameter in stage.encoder.encoder.parameters())
    assert all(parameter.grad is None for parameter in stage.encoder.decoder.parameters())


@pytest.mark.parametrize("tuned", [False, True])
def test_a_split_batch_has_the_terms_and_gradients_of_the_whole_one(tuned):
    count = torch.tensor([3, 40, 1, 2, 7, 2])
    rows, label = torch.randn(int(count.sum()), D if tuned else Z), torch.arange(6) % K
    items = (rows, count.cumsum(0) - count, count, torch.eye(K)[label], label)
    pick = BatchIndex(torch.tensor([5, 1, 0, 4, 2, 3]), 1.0)
    head, encoder = lstm(), cvae()
    stage = classify_stage(head, encoder=encoder if tuned else None)
    results = []
    for max_padded in (240, 15):
        batch = SequenceSet(*items, max_padded=max_padded)[pick]
        assert isinstance(batch, SplitBatch) == (max_padded == 15)
        terms = stage.terms(batch)
        stage.zero_grad()
        terms["loss"].mean().backward()
        gradients = [p.grad for p in stage.parameters() if p.grad is not None]
        results.append([terms["loss"].detach(), terms["accuracy"], *gradients])
    for whole, split in zip(*results, strict=True):
        torch.testing.assert_close(split, whole, atol=1e-6, rtol=1e-5)
