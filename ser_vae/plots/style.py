"""Define the style of all figures, and write them to files.

Every drawing function is decorated with `styled`. It creates a `Figure` without pyplot, whose state
is global, so figures can be drawn in threads and on machines without a display.
"""

import io
import logging
import re
import textwrap
import warnings
from collections.abc import Iterable
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import IO, Any

import matplotlib as mpl
from matplotlib import font_manager, rc_context
from matplotlib.figure import Figure
from matplotlib.text import Text

from ser_vae.files import atomic_write

COLUMN_IN = 3.5  # width of a column of a two-column paper
PAGE_IN = 7.16  # width of both columns
PNG_DPI = 200
TITLE_PER_IN = 13  # characters per inch, mostly capitals
TITLE_LINE_IN = 0.16
FORMATS = ("pdf", "png")

log = logging.getLogger(__name__)

# Okabe and Ito, "Color Universal Design", 2008: distinct with any form of colour blindness. Their
# yellow is left out, as it is hardly visible on white.
BLACK, ORANGE, SKY_BLUE, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY_BLUE, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# Fixed colours, the same in every figure.
FIXED_COLOURS = {
    **{"neutral": BLACK, "happy": ORANGE, "sad": BLUE, "angry": VERMILLION},
    **{"calm": SKY_BLUE, "fearful": PURPLE, "surprised": GREEN},
    **{"ae": ORANGE, "vae": BLUE, "cvae": GREEN},
}

METADATA: dict[str, dict[str, Any]] = {  # no date, no version: equal figures give equal files
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}

STYLE = mpl.rc_params_from_file(Path(__file__).with_suffix(".mplstyle"), use_default_template=False)
# The first font is bundled with matplotlib; the others have characters that it lacks.
INSTALLED = set(font_manager.get_font_names())
FONTS = [name for name in STYLE["font.family"] if name in INSTALLED]
styled = rc_context({**STYLE, "font.family": FONTS})


def blank(title: str, width_in: float, height_in: float) -> Figure:
    """Return a figure without axes, higher if the title has several lines."""
    unbroken = re.sub(r"(?<!,) ", "\N{NO-BREAK SPACE}", title)  # break lines only after commas
    lines = textwrap.wrap(unbroken, int(TITLE_PER_IN * width_in))
    higher = TITLE_LINE_IN * max(0, len(lines) - 1)
    figure = Figure((width_in, height_in + higher), layout="constrained")
    figure.suptitle("\n".join(lines))
    return figure


def colours(names: Iterable[str]) -> dict[str, str]:
    """Map each name to its fixed colour or, if it has none, to one of the remaining colours.

    Colours repeat beyond seven names; use `markers` as well.
    """
    unique = list(dict.fromkeys(names))
    fixed = {name: FIXED_COLOURS[name] for name in unique if name in FIXED_COLOURS}
    left = [colour for colour in COLOURS if colour not in fixed.values()] or COLOURS
    others = [name for name in unique if name not in fixed]
    return fixed | dict(zip(others, cycle(left), strict=False))


def markers(names: Iterable[str]) -> dict[str, str]:
    """Map each name to a marker, so that figures are readable without colour."""
    return dict(zip(dict.fromkeys(names), cycle(MARKERS), strict=False))


def save(figure: Figure, path: Path) -> None:
    """Write `path`.pdf and `path`.png; the same figure gives the same bytes.

    Raises:
        OSError: a file can't be written.
    """
    for form in FORMATS:
        with atomic_write(path.with_name(f"{path.name}.{form}")) as stream:
            _write(figure, stream, form, PNG_DPI)
        figure.set_layout_engine("none")  # keep the layout, which takes most of the time


def png_bytes(figure: Figure, dpi: int) -> bytes:
    """Return the figure as a PNG."""
    stream = io.BytesIO()
    _write(figure, stream, "png", dpi)
    return stream.getvalue()


@styled
def _write(figure: Figure, stream: IO[bytes], form: str, dpi: int) -> None:
    texts = (text.get_text() for text in figure.findobj(Text))
    warn_of_missing_glyphs("".join(sorted({c for text in texts for c in text if c > "\u024f"})))
    figure.savefig(stream, format=form, dpi=dpi, metadata=METADATA[form])


@cache
def warn_of_missing_glyphs(characters: str) -> None:
    """Warn, once, of the characters that no font of FONTS has; they are drawn as boxes."""
    warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a line for each
    fonts = [font_manager.get_font(font_manager.findfont(name)) for name in FONTS]
    missing = [c for c in characters if not any(font.get_char_index(ord(c)) for font in fonts)]
    if missing:
        log.warning(
            "figures: no font for %s: install one that has them, such as Noto Sans CJK for Chinese "
            "or Noto Naskh Arabic for Urdu, and remove matplotlib's cache of fonts, %s",
            " ".join(missing),
            mpl.get_cachedir(),
        )
