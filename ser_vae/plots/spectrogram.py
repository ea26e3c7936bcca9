"""Draw log-mel spectrograms, or encode them and recordings for a page.

All panels of a figure share one colour scale. Spectra are (T, F), natural log of mel power.
`figure` stands for `frame_shift_s`, the seconds between two frames, and the `title`.
"""

import base64
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

from ser_vae.plots.style import COLUMN_IN, PAGE_IN, blank, colours, styled

Spectrum = npt.NDArray[np.float32]
Limits = tuple[float, float]

COLOURS = "magma"  # perceptually uniform; readable in grey and by the colour-blind
PERCENTILES = (0.5, 99.5)  # limits of the colour scale; outliers do not compress it
EMBEDDED = 700_000  # bytes of all spectrograms and recordings of a page
QUALITY = 55  # of a WebP, out of 100
RECORDING_S = 8.0
ROW_IN = 1.25  # height of a row of whole utterances
NAME_WIDTH = 20  # characters per line of the name beside a row
PANEL_IN = 0.62  # height of a row of segments
MARGIN_IN = 0.8  # title, labels and colour bar


@styled
def trajectory(
    spectrum: Spectrum,
    times_s: Sequence[float],
    probabilities: Mapping[str, Sequence[float]],
    *,
    frame_shift_s: float,
    title: str,
) -> Figure:
    """Draw probabilities at `times_s`, a line per emotion, above the spectrum (T, F).

    Without times only the spectrum is drawn.
    """
    rows = 2 if len(times_s) else 1
    figure = blank(title, PAGE_IN, MARGIN_IN + PANEL_IN + ROW_IN * rows)
    grid = figure.subplots(rows, 1, squeeze=False, sharex=True)[:, 0]
    if len(times_s):
        colour = colours(probabilities)
        for emotion, values in probabilities.items():
            grid[0].plot(times_s, values, color=colour[emotion], label=emotion)
        grid[0].set(ylim=(0, 1.02), ylabel="probability so far")
        grid[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(probabilities))
    image = _draw(grid[-1], spectrum, limits([spectrum]), frame_shift_s)
    grid[-1].set(xlabel="time (s)", ylabel="mel band")
    _add_colour_bar(figure, image, grid[-1])
    return figure


@styled
def utterances(
    names: Sequence[str], headings: Sequence[str], rows: Sequence[Sequence[Spectrum]], **figure: Any
) -> Figure:
    """Draw a grid of whole utterances (T, F), whose T may vary, with axes of time and mel bands.

    Each row has a name, and a spectrum for each heading.
    """
    labels = ["\n".join([*textwrap.wrap(name, NAME_WIDTH), "mel band"]) for name in names]
    drawn, grid = _grid(labels, headings, rows, row_in=ROW_IN, **figure)
    for axes in grid[:, 0]:
        axes.yaxis.label.set_fontsize("small")
    for axes in grid[-1]:
        axes.set_xlabel("time (s)")
    return drawn


@styled
def segments(
    names: Sequence[str], headings: Sequence[str], rows: npt.NDArray[np.float32], **figure: Any
) -> Figure:
    """Draw a grid of segments (n, m, length, F), whose axes are described once, below the grid."""
    width_in = PAGE_IN if len(headings) > 5 else COLUMN_IN
    drawn, grid = _grid(names, headings, rows, width_in=width_in, row_in=PANEL_IN, **figure)
    for axes in grid.flat:
        axes.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)
    length, bands = rows.shape[2:]
    across = f"each panel: {1000 * length * figure['frame_shift_s']:g} ms across"
    drawn.supxlabel(f"{across}, {bands} mel bands upwards", fontsize="medium")
    return drawn


def _grid(
    names: Sequence[str],
    headings: Sequence[str],
    rows: Sequence[Sequence[Spectrum]] | npt.NDArray[np.float32],
    *,
    frame_shift_s: float,
    title: str,
    row_in: float,
    width_in: float = PAGE_IN,
    colour_limits: Limits | None = None,
) -> tuple[Figure, npt.NDArray[Any]]:
    """Draw rows of spectra on one colour scale; return the figure and its axes."""
    colour_limits = colour_limits or limits(spectrum for row in rows for spectrum in row)
    figure = blank(title, width_in, MARGIN_IN + row_in * len(rows))
    grid = figure.subplots(len(rows), len(headings), squeeze=False, sharey=True)
    for line, name, row in zip(grid, names, rows, strict=True):
        for axes, spectrum in zip(line, row, strict=True):
            image = _draw(axes, spectrum, colour_limits, frame_shift_s)
        line[0].set_ylabel(name)
    for axes, heading in zip(grid[0], headings, strict=True):
        axes.set_title(heading)
    _add_colour_bar(figure, image, grid)
    return figure, grid


def limits(spectra: Iterable[Spectrum]) -> Limits:
    """Return the limits of a colour scale for these spectra."""
    values = np.concatenate([spectrum.ravel() for spectrum in spectra])
    low, high = np.percentile(values, PERCENTILES)
    return float(low), float(high)


def _draw(axes: Axes, spectrum: Spectrum, colour_limits: Limits, frame_shift_s: float) -> AxesImage:
    frames, bands = spectrum.shape
    axes.spines[:].set_visible(False)
    extent = (0.0, frames * frame_shift_s, 0.0, float(bands))
    low, high = colour_limits
    look: dict[str, Any] = {"origin": "lower", "aspect": "auto", "cmap": COLOURS}
    return axes.imshow(spectrum.T, extent=extent, vmin=low, vmax=high, **look)


def _add_colour_bar(figure: Figure, image: AxesImage, grid: Any) -> None:
    figure.colorbar(image, ax=grid, extend="both", label="ln mel power", aspect=30, pad=0.015)


class Embedder:
    """Turns files into data URIs, up to EMBEDDED bytes per page."""

    def __init__(self) -> None:
        self.bytes_left = EMBEDDED

    def embed(self, content: bytes, kind: str) -> str:
        """Return the content as a data URI; "" if it is empty or no longer fits."""
        if not content or len(content) > self.bytes_left:
            return ""
        self.bytes_left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def encode_webp(spectrum: Spectrum, colour_limits: Limits) -> bytes:
    """Encode a spectrum as a WebP: time runs to the right and frequency upwards."""
    low, high = colour_limits
    scaled = np.clip((spectrum.T[::-1] - low) / (high - low), 0, 1)
    pixels, stream = colormaps[COLOURS](scaled, bytes=True)[..., :3], io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "webp", quality=QUALITY)
    return stream.getvalue()


def encode_mp3(path: str, clip: tuple[float, float] | None) -> bytes:
    """Encode the first seconds of a recording, or a clip of it, as MP3; b"" if unreadable."""
    start, end = clip or (0.0, RECORDING_S)
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(round(start * file.samplerate))
            count = round(min(end - start, RECORDING_S) * file.samplerate)
            waveform = file.read(count, always_2d=True)
            stream = io.BytesIO()
            soundfile.write(stream, waveform.mean(axis=1), file.samplerate, format="MP3")
    except (OSError, soundfile.SoundFileError):
        return b""
    return stream.getvalue()
