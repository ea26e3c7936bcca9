"""Maps of latents, against eigenvectors and calculations by hand."""

import numpy as np
import pytest

from ser_vae.evaluation.projection import (
    joined,
    pca,
    scaled,
    shared_by_neighbours,
    umap,
    umap_installed,
)

RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((60, 5)) * [5.0, 3.0, 1.0, 0.5, 0.1] + 7


def test_pca_projects_onto_the_eigenvectors_of_the_covariance() -> None:
    values, vectors = np.linalg.eigh(np.cov(POINTS.T))
    xy, explained = pca(POINTS)
    np.testing.assert_allclose(explained, values[::-1][:2] / values.sum())
    along = (POINTS - POINTS.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(xy), np.abs(along), atol=1e-9)


def test_the_sign_of_a_component_is_fixed() -> None:
    xy, _ = pca(POINTS)
    assert (np.abs(xy).max(axis=0) == xy.max(axis=0)).all()
    np.testing.assert_allclose(pca(POINTS[:, ::-1])[0], xy)


def test_joined_models_have_equal_width_and_variance() -> None:
    small, large = POINTS[:, :2] * 100, POINTS[:40]
    points = joined([small, large])
    assert points.shape == (100, 5)
    assert (points[:60, 2:] == 0).all()
    for model in (points[:60], points[60:]):
        np.testing.assert_allclose(model.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(model.var(axis=0).sum(), 1)


def test_scaling_keeps_the_ratios_of_distances() -> None:
    ratio = np.linalg.norm(np.diff(scaled(POINTS), axis=0), axis=1) / np.linalg.norm(
        np.diff(POINTS, axis=0), axis=1
    )
    np.testing.assert_allclose(ratio, ratio[0])
    assert (scaled(np.ones((4, 2))) == 0).all()


def test_neighbours_in_distant_groups_share_their_label() -> None:
    """Groups of 12 and 24 of 36 points, so chance is (12 * 11 + 24 * 23) / (36 * 35)."""
    labels = ["a"] * 12 + ["b"] * 24
    apart = np.repeat([0.0, 100.0], [12, 24])[:, None] + RNG.standard_normal((36, 3))
    proportion, chance = shared_by_neighbours(apart, labels)
    assert proportion == 1.0
    assert chance == pytest.approx((12 * 11 + 24 * 23) / (36 * 35))


def test_neighbours_of_mixed_points_share_labels_at_chance_level() -> None:
    labels = [str(number % 2) for number in range(400)]
    proportion, chance = shared_by_neighbours(RNG.standard_normal((400, 3)), labels)
    assert proportion == pytest.approx(chance, abs=0.03)


@pytest.mark.skipif(not umap_installed(), reason="umap-learn is not installed")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # from numba
def test_umap_separates_groups_and_is_reproducible() -> None:
    apart = np.repeat([0.0, 50.0], 15)[:, None] + RNG.standard_normal((30, 4))
    xy = umap(apart, seed=0)
    assert xy.shape == (30, 2)
    proportion, _ = shared_by_neighbours(xy, ["a"] * 15 + ["b"] * 15)
    assert proportion > 0.9
    np.testing.assert_array_equal(umap(apart, seed=0), xy)
