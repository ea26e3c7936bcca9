"""Project latents to two dimensions."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

Matrix = npt.NDArray[np.floating[Any]]

LEAST = 4  # points that a map needs
NEIGHBOURS = 10  # per point, for UMAP


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


def umap(points: Matrix, *, seed: int) -> Matrix:
    """Map points (U, Z) to (U, 2) by UMAP (McInnes et al. 2018).

    UMAP preserves neighbourhoods; sizes of groups and distances between them have no meaning.
    """
    from umap import UMAP  # noqa: PLC0415  (optional, and slow)

    count = min(NEIGHBOURS, len(points) - 1)
    init = "spectral" if len(points) > 2 * NEIGHBOURS else "random"  # spectral fails on few points
    model = UMAP(n_neighbors=count, init=init, random_state=seed, n_jobs=1)
    return model.fit_transform(np.asarray(points, dtype=np.float32))
