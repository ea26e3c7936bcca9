"""Draw latents: a two-dimensional map, and the KL of each dimension."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from ser_vae.plots.style import BLUE, COLUMN_IN, PAGE_IN, blank, colours, markers, styled

Matrix = npt.NDArray[np.floating[Any]]

LEAST = 4  # points that a map needs
NEIGHBOURS = 10  # per point, for UMAP
HEIGHT_IN = 2.6
KL_HEIGHT_IN = 2.0
LEGEND_IN = 0.18  # height per line of the legend
MARKED = "this recording"
PER_LINE = 4  # names per line of the legend


@styled
def latent_map(
    points: npt.NDArray[np.floating],
    categories: Mapping[str, Sequence[str]],
    *,
    explained: Sequence[float],
    title: str,
    marked: npt.NDArray[np.floating] | None = None,
) -> Figure:
    """Draw `points` (U, 2) once per category, such as emotion and speaker, coloured by it.

    A category has U names. `explained` is the proportion of variance of each axis, 0 to 1.
    `marked` (2,) is the point of a new recording.
    """
    extra = marked is not None
    lines = max(-(-(len(set(names)) + extra) // PER_LINE) for names in categories.values())
    width = PAGE_IN * len(categories) / max(2, len(categories))
    figure = blank(title, width, HEIGHT_IN + LEGEND_IN * lines)
    (row,) = figure.subplots(1, len(categories), squeeze=False)
    for axes, (category, names) in zip(row, categories.items(), strict=True):
        unique = sorted(set(names))
        colour, marker = colours(unique), markers(unique)
        for name in unique:
            x, y = points[np.array(names) == name].T
            look: dict[str, Any] = {"color": colour[name], "marker": marker[name], "label": name}
            axes.scatter(x, y, s=9, alpha=0.75, lw=0, **look)
        if marked is not None:
            star = {"marker": "*", "color": "red", "edgecolor": "white", "label": MARKED}
            axes.scatter(*marked, s=150, **star)
        columns = min(PER_LINE, len(unique))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=columns)
        axes.set_title(f"by {category}")
        axes.set_xlabel(f"component 1 ({100 * explained[0]:.1f} % of variance)")
        axes.set_ylabel(f"component 2 ({100 * explained[1]:.1f} %)")
    return figure


@styled
def kl_per_dimension(kl: Sequence[float], *, title: str) -> Figure:
    """Draw Z terms in nats per segment in descending order; dimensions near zero are unused."""
    ordered = np.sort(np.asarray(kl, dtype=float))[::-1]
    figure = blank(title, COLUMN_IN, KL_HEIGHT_IN)
    axes = figure.subplots()
    axes.bar(np.arange(1, len(ordered) + 1), ordered, width=1.0, color=BLUE, lw=0)
    axes.set(xlabel=f"latent dimension, by rank, of {len(ordered)}", ylabel="KL (nats per segment)")
    axes.set_xlim(0.5, len(ordered) + 0.5)
    total = f"sum: {ordered.sum():.1f} nats"
    axes.text(1.0, 1.0, total, transform=axes.transAxes, ha="right", va="top")
    return figure


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
