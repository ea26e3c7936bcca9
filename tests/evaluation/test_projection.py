"""Maps of latents, against arithmetic that is done by hand or by others."""

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


def test_pca_is_the_eigenvectors_of_the_covariance() -> None:
    values, vectors = np.linalg.eigh(np.cov(POINTS.T))
    drawn, explained = pca(POINTS)
    np.testing.assert_allclose(explained, values[::-1][:2] / values.sum())
    along = (POINTS - POINTS.mean(axis=0)) @ vectors[:, ::-1][:, :2]
    np.testing.assert_allclose(np.abs(drawn), np.abs(along), atol=1e-9)


def test_pca_has_no_sign_to_choose() -> None:
    drawn, _ = pca(POINTS)
    assert (np.abs(drawn).max(axis=0) == drawn.max(axis=0)).all()
    np.testing.assert_allclose(pca(POINTS[:, ::-1])[0], drawn)


def test_pca_of_points_that_are_all_alike_is_one_point() -> None:
    drawn, explained = pca(np.ones((6, 3)))
    assert (drawn == 0).all()
    assert (explained == 0).all()


def test_joined_models_have_one_width_and_one_variance() -> None:
    small, large = POINTS[:, :2] * 100, POINTS[:40]
    points = joined([small, large])
    assert points.shape == (100, 5)
    assert (points[:60, 2:] == 0).all()
    for own in (points[:60], points[60:]):
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(own.var(axis=0).sum(), 1)


def test_scaling_changes_no_shape() -> None:
    ratio = np.linalg.norm(np.diff(scaled(POINTS), axis=0), axis=1) / np.linalg.norm(
        np.diff(POINTS, axis=0), axis=1
    )
    np.testing.assert_allclose(ratio, ratio[0])
    assert (scaled(np.ones((4, 2))) == 0).all()


def test_neighbours_share_the_word_of_their_group_and_chance_the_words_share() -> None:
    """Two groups far apart: 12 and 24 of 36; any other point: (12 * 11 + 24 * 23) / (36 * 35)."""
    words = ["a"] * 12 + ["b"] * 24
    apart = np.repeat([0.0, 100.0], [12, 24])[:, None] + RNG.standard_normal((36, 3))
    share, chance = shared_by_neighbours(apart, words)
    assert share == 1.0
    assert chance == pytest.approx((12 * 11 + 24 * 23) / (36 * 35))


def test_neighbours_of_mixed_points_share_no_more_than_chance() -> None:
    words = [str(number % 2) for number in range(400)]
    share, chance = shared_by_neighbours(RNG.standard_normal((400, 3)), words)
    assert share == pytest.approx(chance, abs=0.03)


def test_neighbours_are_never_the_point_itself() -> None:
    assert shared_by_neighbours(RNG.standard_normal((4, 2)), list("abcd")) == (0.0, 0.0)


@pytest.mark.skipif(not umap_installed(), reason="umap-learn is not installed")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of numba and of what it compiles
def test_umap_keeps_groups_apart_and_the_same_seed_makes_the_same_map() -> None:
    apart = np.repeat([0.0, 50.0], 15)[:, None] + RNG.standard_normal((30, 4))
    drawn = umap(apart, seed=0)
    assert drawn.shape == (30, 2)
    share, _ = shared_by_neighbours(drawn, ["a"] * 15 + ["b"] * 15)
    assert share > 0.9
    np.testing.assert_array_equal(umap(apart, seed=0), drawn)


@pytest.mark.skipif(not umap_installed(), reason="umap-learn is not installed")
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_umap_of_the_fewest_points_is_a_map() -> None:
    assert np.isfinite(umap(RNG.standard_normal((4, 8)), seed=0)).all()
