"""Probabilities of every test utterance, each once and in order."""

import numpy as np
import pytest
import torch

from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.data.datamodule import SequenceSet
from ser_vae.training.classify import Classify
from ser_vae.training.predict import probabilities

COUNT = torch.tensor([4, 1, 3, 2, 6, 1, 5])
ROWS = torch.randn(int(COUNT.sum()), 3, generator=torch.Generator().manual_seed(0))
CPU = torch.device("cpu")


def stage() -> Classify:
    classifier = LSTMClassifier(
        input_size=3,
        num_classes=4,
        hidden=6,
        layers=2,
        dense=5,
        pooling="last",
        bidirectional=False,
        dropout=0.5,
    )
    return Classify(classifier, 0, {"lr": 0.01})


def utterances() -> SequenceSet:
    return SequenceSet(
        ROWS, COUNT.cumsum(0) - COUNT, COUNT, torch.zeros(7, 4), torch.zeros(7).long()
    )


@pytest.mark.parametrize("batch_size", [1, 3, 100])
def test_each_utterance_has_its_own_whatever_the_batch(batch_size):
    trained = stage()
    found = probabilities(trained, utterances(), batch_size=batch_size, device=CPU)
    logits = [
        trained.classifier(rows[None], torch.tensor([len(rows)]))
        for rows in ROWS.split(COUNT.tolist())
    ]
    expected = torch.cat(logits).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_they_sum_to_one_and_are_the_same_again():
    trained = stage().train()  # as training leaves it, with dropout
    found = probabilities(trained, utterances(), batch_size=3, device=CPU)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-12)
    again = probabilities(trained, utterances(), batch_size=3, device=CPU)
    np.testing.assert_array_equal(found, again)
