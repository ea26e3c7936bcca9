"""Log-mel spectra beside each other: what went in, what came out, what else was decoded.

All panels of a figure share one scale of colours. Spectra are (T, F), natural log of mel power.
"""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ser_vae.plots.style import COLUMN_IN, PAGE_IN, blank, styled

Spectrum = npt.NDArray[np.float32]
Limits = tuple[float, float]

COLOURS = "magma"  # even in lightness: read in grey and by the colour-blind as in colour
SHOWN = (0.5, 99.5)  # percentiles between which the colours lie, so that an outlier dims nothing
ROW_IN = 1.25  # height of a row of whole utterances
ALONE_IN = 5.0  # width of an utterance on its own
NAME_IN_ROW = 20  # characters of a name beside it
PANEL_IN = 0.62  # of a segment
AROUND_IN = 0.8  # title, labels and the bar of colours


@styled
def reconstructions(
    names: Sequence[str],
    given: Sequence[Spectrum],
    reconstructed: Sequence[Spectrum],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    """E utterances, a row each: the input and beside it the reconstruction.

    `given` and `reconstructed` are E spectra each, of different T; `names` head their rows.
    """
    rows = list(zip(given, reconstructed, strict=True))
    return _utterances(
        names,
        ("input", "reconstruction"),
        rows,
        _shared(rows),
        frame_shift_s=frame_shift_s,
        title=title,
    )


@styled
def label_swapped(
    names: Sequence[str],
    emotions: Sequence[str],
    given: Sequence[Spectrum],
    swapped: Sequence[npt.NDArray[np.float32]],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    """E utterances, a row each: the input, then what is decoded under each of K labels.

    `swapped` are E arrays (K, T, F), in the order of `emotions`.
    """
    rows = [[own, *others] for own, others in zip(given, swapped, strict=True)]
    headings = ("input", *(f"as {emotion}" for emotion in emotions))
    return _utterances(
        names, headings, rows, _shared(rows), frame_shift_s=frame_shift_s, title=title
    )


@styled
def traversals(
    dimension: Sequence[int],
    step: Sequence[float],
    segments: npt.NDArray[np.float32],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    """A row a latent dimension, a column a step from the mean latent: (n, m, length, F).

    `step` is in standard deviations of that dimension.
    """
    rows = [f"z {number}" for number in dimension]
    columns = [f"{size:+g} sd".replace("-", "−") if size else "mean" for size in step]
    return _segments(rows, columns, segments, frame_shift_s=frame_shift_s, title=title)


@styled
def prior_samples(
    emotions: Sequence[str],
    segments: npt.NDArray[np.float32],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    """A row an emotion, a column a draw: `segments` (K, draws, length, F).

    Of a model that is told no emotion there is one row: `emotions` is then a single empty name.
    """
    columns = [str(number) for number in range(1, segments.shape[1] + 1)]
    return _segments(emotions, columns, segments, frame_shift_s=frame_shift_s, title=title)


@styled
def utterance(spectrum: Spectrum, shown: Limits, *, frame_shift_s: float, title: str) -> Figure:
    """One utterance alone, (T, F), on a scale of colours that it may share with other figures."""
    return _utterances(
        ("",),
        ("",),
        [[spectrum]],
        shown,
        frame_shift_s=frame_shift_s,
        title=title,
        width_in=ALONE_IN,
    )


def _utterances(
    names: Sequence[str],
    headings: Sequence[str],
    rows: Sequence[Sequence[Spectrum]],
    shown: Limits,
    *,
    frame_shift_s: float,
    title: str,
    width_in: float = PAGE_IN,
) -> Figure:
    figure = blank(title, width_in, AROUND_IN + ROW_IN * len(rows))
    grid = figure.subplots(len(rows), len(headings), squeeze=False, sharey=True)
    for line, name, row in zip(grid, names, rows, strict=True):
        for axes, spectrum in zip(line, row, strict=True):
            image = _draw(axes, spectrum, shown, frame_shift_s)
        label = [*textwrap.wrap(name, NAME_IN_ROW), "mel band"]
        line[0].set_ylabel("\n".join(label), fontsize="small")
    for axes, heading in zip(grid[0], headings, strict=True):
        axes.set_title(heading)
    for axes in grid[-1]:
        axes.set_xlabel("time (s)")
    _bar(figure, image, grid)
    return figure


def _segments(
    rows: Sequence[str],
    columns: Sequence[str],
    segments: npt.NDArray[np.float32],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    width = PAGE_IN if len(columns) > 5 else COLUMN_IN
    figure = blank(title, width, AROUND_IN + PANEL_IN * len(rows))
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    shown = limits(segments)
    for line, name, own in zip(grid, rows, segments, strict=True):
        for axes, segment in zip(line, own, strict=True):
            image = _draw(axes, segment, shown, frame_shift_s)
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(name)
    for axes, heading in zip(grid[0], columns, strict=True):
        axes.set_title(heading)
    length, bands = segments.shape[2:]
    figure.supxlabel(
        f"each panel: {1000 * length * frame_shift_s:g} ms across, {bands} mel bands upwards",
        fontsize="medium",
    )
    _bar(figure, image, grid)
    return figure


def _shared(rows: Iterable[Sequence[Spectrum]]) -> Limits:
    return limits(spectrum for row in rows for spectrum in row)


def limits(spectra: Iterable[Spectrum]) -> Limits:
    """Where the scale of colours begins and ends, for figures that are to share it."""
    values = np.concatenate([spectrum.ravel() for spectrum in spectra])
    low, high = np.percentile(values, SHOWN)
    return float(low), float(high)


def _draw(axes: Axes, spectrum: Spectrum, shown: Limits, frame_shift_s: float) -> AxesImage:
    frames, bands = spectrum.shape
    axes.spines[:].set_visible(False)
    return axes.imshow(
        spectrum.T,
        origin="lower",
        aspect="auto",
        extent=(0.0, frames * frame_shift_s, 0.0, float(bands)),
        cmap=COLOURS,
        vmin=shown[0],
        vmax=shown[1],
    )


def _bar(figure: Figure, image: AxesImage, grid: Any) -> None:
    figure.colorbar(image, ax=grid, extend="both", label="ln mel power", aspect=30, pad=0.015)
