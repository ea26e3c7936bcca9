"""How every figure looks, and how it becomes a file.

A function that draws is decorated with `styled`. It makes a `Figure` of its own and leaves pyplot
alone, whose state is a process's: figures may be drawn in threads, on machines without a screen.
"""

import io
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from ser_vae.files import atomic_write

COLUMN_IN = 3.5  # width of one column of a paper of two
PAGE_IN = 7.16  # of both
PNG_DPI = 200
TITLE_PER_IN = 13  # characters, most of them capitals
TITLE_LINE_IN = 0.16
FORMATS = ("pdf", "png")

# Okabe and Ito, "Color Universal Design", 2008: told apart with any form of colour blindness. Their
# yellow is left out, as it is hardly seen on white.
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY_BLUE, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# The same in every figure, whichever others stand beside it.
OWN_COLOUR = {
    **{"neutral": BLACK, "happy": ORANGE, "sad": BLUE, "angry": VERMILLION},
    **{"calm": SKY_BLUE, "fearful": PURPLE, "surprised": GREEN},
    **{"ae": ORANGE, "vae": BLUE, "cvae": GREEN},
}

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "figure.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "image.interpolation": "nearest",
    "pdf.fonttype": 42,  # TrueType, embedded: publishers refuse Type 3, matplotlib's default
    "savefig.dpi": PNG_DPI,
}
METADATA: dict[str, dict[str, Any]] = {  # no date and no version: equal figures are equal files
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}

styled = rc_context(RC)


def blank(title: str, width_in: float, height_in: float) -> Figure:
    """A figure without axes; a title of several lines makes it higher."""
    unbroken = re.sub(r"(?<!,) ", "\N{NO-BREAK SPACE}", title)  # a line ends at a comma
    lines = textwrap.wrap(unbroken, int(TITLE_PER_IN * width_in))
    higher = TITLE_LINE_IN * max(0, len(lines) - 1)
    figure = Figure((width_in, height_in + higher), layout="constrained")
    figure.suptitle("\n".join(lines))
    return figure


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name: its own where it has one, for the others those left over, in turn.

    Beyond seven names colours return: tell those apart by `markers` too.
    """
    wanted = list(dict.fromkeys(names))
    own = {name: OWN_COLOUR[name] for name in wanted if name in OWN_COLOUR}
    left = [colour for colour in COLOURS if colour not in own.values()] or list(COLOURS)
    others = [name for name in wanted if name not in own]
    return own | {name: left[place % len(left)] for place, name in enumerate(others)}


def markers(names: Iterable[str]) -> dict[str, str]:
    """A marker for each name, so that a figure can be read without its colours."""
    return {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(dict.fromkeys(names))}


def save(figure: Figure, path: Path) -> list[Path]:
    """Write `path`.pdf and `path`.png, a name without a suffix; the same figure, the same bytes.

    Raises:
        OSError: they can't be written.
    """
    written = [path.with_name(f"{path.name}.{form}") for form in FORMATS]
    for file, form in zip(written, FORMATS, strict=True):
        with atomic_write(file) as stream:
            _write(figure, stream, form, PNG_DPI)
        figure.set_layout_engine("none")  # it is laid out by now, which takes most of the time
    return written


def png_bytes(figure: Figure, dpi: int) -> bytes:
    """The figure as a PNG in memory, to be embedded."""
    stream = io.BytesIO()
    _write(figure, stream, "png", dpi)
    return stream.getvalue()


@styled
def _write(figure: Figure, stream: IO[bytes], form: str, dpi: int) -> None:
    figure.savefig(stream, format=form, dpi=dpi, metadata=METADATA[form])
