"""Maps of latents, against eigenvectors and calculations by hand."""

from importlib.util import find_spec

import numpy as np
import pytest

from ser_vae.plots.latents import pca, umap

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 5)) * [5.0, 3.0, 1.0, 0.5, 0.1] + 7


def test_pca_projects_onto_the_eigenvectors_of_the_covariance():
    values, vectors = np.linalg.eigh(np.cov(POINTS.T))
    xy, explained = pca(POINTS)
    np.testing.assert_allclose(explained, values[::-1][:2] / values.sum())
    along = (POINTS - POINTS.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(xy), np.abs(along), atol=1e-9)


def test_the_sign_of_a_component_is_fixed():
    xy, _ = pca(POINTS)
    assert (np.abs(xy).max(axis=0) == xy.max(axis=0)).all()
    np.testing.assert_allclose(pca(POINTS[:, ::-1])[0], xy)


@pytest.mark.skipif(find_spec("umap") is None, reason="umap-learn is not installed")
@pytest.mark.slow(15)
@pytest.mark.filterwarnings("ignore")  # from numba
def test_umap_separates_groups_and_is_reproducible():
    apart = np.repeat([0.0, 50.0], 15)[:, None] + RNG.standard_normal((30, 4))
    xy = umap(apart, seed=0)
    assert xy.shape == (30, 2)
    distance = np.linalg.norm(xy[:, None] - xy, axis=-1)
    assert distance[:15, :15].max() < distance[:15, 15:].min()
    np.testing.assert_array_equal(umap(apart, seed=0), xy)
