"""Principal components, against the eigenvectors of a covariance."""

import numpy as np
import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.data.segment import Segmentation, Segments, cut
from ser_vae.model.pca import PCA

RNG = np.random.default_rng(0)
MIX = RNG.normal(0, 1, (6, 6)) * np.geomspace(3, 0.1, 6)[:, None]


def make_segments(count: int = 200) -> Segments:
    """Segments of two frames with three columns each: D = 6."""
    values = (RNG.normal(0, 1, (count, 6)) @ MIX + 4).astype(np.float32)
    return cut([values.reshape(-1, 3)], Segmentation(2, 2, "drop"))


def rows(segments: Segments) -> np.ndarray:
    return segments[torch.arange(len(segments))].double().numpy()


def fitted(segments: Segments, latent: int = 3) -> PCA:
    model = PCA(input_size=6, num_classes=4, latent=latent)
    model.fit(segments)
    return model


def features(model: PCA, x: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(x).float()
    return model.feature(x, torch.zeros(len(x), 4), sample=False).double().numpy()


def test_components_are_eigenvectors_of_the_covariance_up_to_their_sign():
    train = make_segments()
    x = rows(train)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    model = fitted(train)
    for each in (x, rows(make_segments(5))):  # other segments onto the same directions
        expected = (each - x.mean(axis=0)) @ vectors[:, ::-1][:, :3]
        np.testing.assert_allclose(np.abs(features(model, each)), np.abs(expected), atol=2e-3)
    np.testing.assert_allclose(features(model, x).var(axis=0, ddof=1), values[::-1][:3], rtol=1e-3)
    assert not list(model.parameters())


def test_too_few_segments_or_values_are_an_error_that_names_the_number():
    with pytest.raises(SerVaeError, match=r"latent=3: 2 segments of 6 values .* at most 2 "):
        fitted(make_segments(2))
    with pytest.raises(SerVaeError, match=r"latent=7: 100 segments of 6 values .* at most 6 "):
        PCA(input_size=6, num_classes=4, latent=7).fit(make_segments(100))
