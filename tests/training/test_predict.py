"""Probabilities of every utterance, each once and in order."""

import numpy as np
import pytest
import torch
from fit_stage import small_lstm

from ser_vae.data.segment import Segments
from ser_vae.model.logmel_lstm import Identity
from ser_vae.training.predict import LatentClassifier

COUNT = torch.tensor([4, 1, 3, 2, 6, 1, 5])
N = int(COUNT.sum())
ROWS = torch.randn(N, 3, generator=torch.Generator().manual_seed(0))
SEGMENTS = Segments(ROWS, torch.arange(N), COUNT, length=1)


def classifier(
    batch_size: int, *, fine_tuned: bool = False, max_padded: int = 100
) -> LatentClassifier:
    torch.manual_seed(0)
    head = small_lstm(dropout=0.5)
    return LatentClassifier(
        Identity(input_size=3, num_classes=4),
        head.train(),  # as training leaves it, with dropout
        fine_tuned=fine_tuned,
        sample=False,
        seed=0,
        batch_size=batch_size,
        device=torch.device("cpu"),
        max_padded=max_padded,
    )


def probabilities(trained: LatentClassifier) -> np.ndarray:
    return trained.probabilities(SEGMENTS, torch.zeros(7, 4), [""] * 7)


@pytest.mark.parametrize("fine_tuned", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("max_padded", [1, 8, 100])
def test_an_utterance_has_the_same_probabilities_in_any_batch(batch_size, fine_tuned, max_padded):
    trained = classifier(batch_size, fine_tuned=fine_tuned, max_padded=max_padded)
    result = probabilities(trained)
    head = trained.head.eval()
    logits = [head(rows[None], torch.tensor([len(rows)])) for rows in ROWS.split(COUNT.tolist())]
    expected = torch.cat(logits).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(result, expected, atol=1e-6)
    np.testing.assert_allclose(result.sum(axis=1), 1.0, atol=1e-12)
