"""Principal components, against the eigenvectors of a covariance."""

import numpy as np
import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.data.segment import Segments, cut
from ser_vae.model.pca import PCA
from ser_vae.training import weights

RNG = np.random.default_rng(0)
MIX = RNG.normal(0, 1, (6, 6)) * np.geomspace(3, 0.1, 6)[:, None]


def segments(count: int = 200) -> Segments:
    """Segments of two frames, three bands each: D = 6."""
    values = (RNG.normal(0, 1, (count, 6)) @ MIX + 4).astype(np.float32)
    return cut([values.reshape(-1, 3)], length=2, hop=2, remainder="drop")


def rows(found: Segments) -> np.ndarray:
    return found[torch.arange(len(found))].double().numpy()


def fitted(found: Segments, latent: int = 3) -> PCA:
    model = PCA(input_size=6, num_classes=4, latent=latent)
    model.fit(found)
    return model


def features(model: PCA, x: np.ndarray) -> np.ndarray:
    given = torch.from_numpy(x).float()
    return model.feature(given, torch.zeros(len(x), 4), sample=False).double().numpy()


def test_components_are_eigenvectors_of_the_covariance_but_for_their_sign():
    train = segments()
    x = rows(train)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    expected = (x - x.mean(axis=0)) @ vectors[:, ::-1][:, :3]
    found = features(fitted(train), x)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=2e-3)
    np.testing.assert_allclose(found.var(axis=0, ddof=1), values[::-1][:3], rtol=1e-3)


def test_all_components_keep_all_distances():
    train = segments()
    x = rows(train)
    found = features(fitted(train, latent=6), x)
    np.testing.assert_allclose(
        np.linalg.norm(found[:50] - found[50:100], axis=1),
        np.linalg.norm(x[:50] - x[50:100], axis=1),
        rtol=1e-4,
    )


def test_other_segments_are_seen_in_the_same_directions():
    model, x = fitted(segments()), rows(segments(5))
    expected = (x - model.mean.numpy()) @ model.components.numpy().T
    np.testing.assert_allclose(features(model, x), expected, atol=1e-4)


def test_it_is_saved_and_loaded_like_a_network(tmp_path):
    model, x = fitted(segments()), rows(segments(5))
    weights.save(model, tmp_path / "pretrained.ckpt")
    other = PCA(input_size=6, num_classes=4, latent=3)
    weights.load(other, tmp_path / "pretrained.ckpt")
    np.testing.assert_array_equal(features(other, x), features(model, x))


def test_there_is_nothing_for_a_gradient():
    model = fitted(segments())
    assert model.quantities == ()
    assert not list(model.parameters())
    assert model.latent_size == 3


def test_fewer_segments_than_components_are_an_error_that_says_how_many():
    with pytest.raises(SerVaeError, match=r"2 segments in the training part.*latent=3"):
        fitted(segments(2))


def test_more_components_than_values_are_refused_when_given():
    with pytest.raises(SerVaeError, match=r"latent=7: a segment of 6 values"):
        PCA(input_size=6, num_classes=4, latent=7)


def test_nothing_is_said_before_the_components_are_found():
    with pytest.raises(SerVaeError, match="not found yet"):
        features(PCA(input_size=6, num_classes=4, latent=3), np.zeros((2, 6)))


def test_a_sample_of_components_is_refused():
    with pytest.raises(SerVaeError, match="no posterior; use latent=mu"):
        fitted(segments()).feature(torch.zeros(1, 6), torch.zeros(1, 4), sample=True)
