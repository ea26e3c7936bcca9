"""Project latents to two dimensions, and measure how well groups of points separate."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

Matrix = npt.NDArray[np.floating[Any]]

LEAST = 4  # points that a map needs
NEIGHBOURS = 10  # per point, for UMAP and for `shared_by_neighbours`


def pca(points: Matrix) -> tuple[Matrix, Matrix]:
    """Project points (U, Z) onto their first two principal components.

    The sign of each component is chosen such that the coordinate with the largest magnitude is
    positive, so the same points give the same map. Identical points, as from a collapsed posterior,
    are mapped to 0 with an explained variance of 0.

    Returns:
        (U, 2) coordinates, and (2,) proportions of the variance that they explain.
    """
    points = np.asarray(points, dtype=np.float64)
    if (points == points[0]).all():
        return np.zeros((len(points), 2)), np.zeros(2)
    model = PCA(n_components=2, svd_solver="full").fit(points)
    xy = model.transform(points)
    largest = np.take_along_axis(xy, np.abs(xy).argmax(axis=0)[None], axis=0)
    return xy * np.where(largest < 0, -1.0, 1.0), model.explained_variance_ratio_


def umap_installed() -> bool:
    return find_spec("umap") is not None


def umap(points: Matrix, *, seed: int) -> Matrix:
    """Map points (U, Z) to (U, 2) by UMAP (McInnes et al. 2018).

    UMAP preserves neighbourhoods; sizes of groups and distances between them have no meaning.
    """
    from umap import UMAP  # noqa: PLC0415  (optional, and slow)

    count = min(NEIGHBOURS, len(points) - 1)
    init = "spectral" if len(points) > 2 * NEIGHBOURS else "random"  # spectral fails on few points
    model = UMAP(n_neighbors=count, init=init, random_state=seed, n_jobs=1)
    xy: Matrix = model.fit_transform(np.asarray(points, dtype=np.float32))
    return xy


def joined(latents: Sequence[Matrix]) -> Matrix:
    """Concatenate the points of several models: (U, Z) each -> (sum of U, largest Z).

    Each model is centred, scaled to a total variance of 1 and padded with zeros. The axes of
    different models are unrelated, so distances between points of two models have no meaning.
    """
    size = max(points.shape[1] for points in latents)
    return np.concatenate(
        [np.pad(scaled(points), ((0, 0), (0, size - points.shape[1]))) for points in latents]
    )


def scaled(points: Matrix) -> Matrix:
    """Centre points and scale them to a total variance of 1; identical points become zeros."""
    centred = np.asarray(points, dtype=np.float64) - np.mean(points, axis=0, dtype=np.float64)
    total = float(np.sqrt(centred.var(axis=0).sum()))
    return centred / total if total > 0 else centred


def shared_by_neighbours(points: Matrix, labels: Sequence[str]) -> tuple[float, float]:
    """Return how often nearest neighbours share a point's label, and how often any points do.

    Neighbours are those in all Z dimensions, not in a map, which may distort distances.
    """
    count = min(NEIGHBOURS, len(points) - 1)
    near = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    sizes = np.bincount(codes)
    chance = (sizes * (sizes - 1)).sum() / (len(codes) * (len(codes) - 1))
    return float((codes[near] == codes[:, None]).mean()), float(chance)
