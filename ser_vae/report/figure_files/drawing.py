"""A figure before it is drawn, and what it is called."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.run_folder import digest

SYNTHETIC_TITLE = SYNTHETIC.partition(":")[0].upper()
LONGEST = 40  # characters of settings in a file name; eight stand for more than that


@dataclass(frozen=True)
class Drawing:
    """A figure to be.

    Attributes:
        name: of its files, without a suffix.
        caption: what a reader must know and the picture does not say.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]

    def renamed(self, name: str) -> "Drawing":
        return replace(self, name=name)


def file_name(*parts: str, settings: Sequence[str] = ()) -> str:
    """Letters, digits and hyphens alone, as LaTeX takes a dot for the beginning of a suffix."""
    said = slug("-".join(settings))
    if len(said) > LONGEST:
        said = digest(list(settings))
    return "-".join(part for part in (*map(slug, parts), said) if part)


def slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def headed(*parts: str, synthetic: bool) -> str:
    """A title; of the embedded corpus it says what that is."""
    return ", ".join([*parts, *([SYNTHETIC_TITLE] if synthetic else [])])


def caption(*sentences: str, settings: Sequence[str], synthetic: bool) -> str:
    """Sentences, the settings behind a figure, and of the embedded corpus what that is."""
    said = f"Settings that differ from the defaults: {', '.join(settings) or 'none'}."
    return " ".join([*([f"{SYNTHETIC.capitalize()}."] if synthetic else []), *sentences, said])
