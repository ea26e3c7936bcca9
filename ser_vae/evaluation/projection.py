"""Latents -> two coordinates to draw, and how far such a drawing can be believed."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

Matrix = npt.NDArray[np.floating[Any]]

LEAST = 4  # points: fewer have no map
NEIGHBOURS = 10  # of a point: UMAP looks at so many, and so many are asked what they share


def pca(points: Matrix) -> tuple[Matrix, Matrix]:
    """The two directions in which points vary most: (U, Z) -> (U, 2), (2,).

    The second are the shares of all variance that lie along them. Each sign is chosen such that
    the coordinate of largest size is positive, so that the same points make the same map. Points
    that are all alike, as a collapsed posterior makes them, lie at 0 and have no variance to share.
    """
    points = np.asarray(points, dtype=np.float64)
    if (points == points[0]).all():
        return np.zeros((len(points), 2)), np.zeros(2)
    found = PCA(n_components=2, svd_solver="full").fit(points)
    drawn = found.transform(points)
    largest = np.take_along_axis(drawn, np.abs(drawn).argmax(axis=0)[None], axis=0)
    return drawn * np.where(largest < 0, -1.0, 1.0), found.explained_variance_ratio_


def umap_installed() -> bool:
    return find_spec("umap") is not None


def umap(points: Matrix, *, seed: int) -> Matrix:
    """Uniform manifold approximation and projection (McInnes et al. 2018): (U, Z) -> (U, 2).

    Neighbours stay neighbours, as far as two dimensions let them; distances between groups, and
    their sizes, say nothing.
    """
    from umap import UMAP  # noqa: PLC0415  (optional, and slow)

    count = min(NEIGHBOURS, len(points) - 1)
    start = "spectral" if len(points) > 2 * NEIGHBOURS else "random"  # a spectrum needs points
    made = UMAP(n_neighbors=count, init=start, random_state=seed, n_jobs=1)
    drawn: Matrix = made.fit_transform(np.asarray(points, dtype=np.float32))
    return drawn


def joined(latents: Sequence[Matrix]) -> Matrix:
    """Points of several models below one another: (U, Z) each -> (sum of U, largest Z).

    Each is centred and scaled to a total variance of 1, smaller ones are filled up with zeros. The
    models' axes have nothing to do with one another, so a distance between two of them is none.
    """
    widest = max(own.shape[1] for own in latents)
    return np.concatenate(
        [np.pad(scaled(own), ((0, 0), (0, widest - own.shape[1]))) for own in latents]
    )


def scaled(points: Matrix) -> Matrix:
    """Centred, of a total variance of 1; of no variance, zeros."""
    centred = np.asarray(points, dtype=np.float64) - np.mean(points, axis=0, dtype=np.float64)
    total = float(np.sqrt(centred.var(axis=0).sum()))
    return centred / total if total > 0 else centred


def shared_by_neighbours(points: Matrix, words: Sequence[str]) -> tuple[float, float]:
    """How often a point's nearest neighbours bear its word, and how often any other point does.

    Of all Z dimensions, unlike a map: what two dimensions show apart may be near, and the other
    way round.
    """
    count = min(NEIGHBOURS, len(points) - 1)
    near = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(return_distance=False)
    codes = np.unique(np.asarray(words), return_inverse=True)[1]
    sizes = np.bincount(codes)
    chance = (sizes * (sizes - 1)).sum() / (len(codes) * (len(codes) - 1))
    return float((codes[near] == codes[:, None]).mean()), float(chance)
