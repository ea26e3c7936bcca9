"""All that is drawn of one place: what the templates show, and what the charts are made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ser_vae.plots.style import MARKERS, OWN_COLOUR, colours, markers
from ser_vae.report.page import missing
from ser_vae.report.page.confusions import Confusion, confusion
from ser_vae.report.page.curves import curves, last_epochs, quantities
from ser_vae.report.page.dimensions import USED, dimensions, in_words
from ser_vae.report.page.maps import COLOURED_BY, Maps, maps
from ser_vae.report.page.pictures import Budget, Pictures, pictures
from ser_vae.report.page.place import Place
from ser_vae.report.section import Section
from ser_vae.report.words import synthetic

# What plotly calls the markers of every other figure.
PLOTLY = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "star")
SYMBOLS = dict(zip(MARKERS, PLOTLY, strict=True))


@dataclass(frozen=True)
class Explored:
    """One place.

    Attributes:
        charts: what the page's script draws, in plain data.
        quantities: of the curves.
        without_curves: which runs' can't be read, and why.
        endings, strongest: curves and KL in words; None where there are none.
    """

    name: str
    synthetic: bool
    cells: tuple[str, ...]
    charts: dict[str, Any]
    confusions: tuple[Confusion, ...]
    quantities: tuple[str, ...]
    without_curves: list[str]
    endings: Section | None
    strongest: Section | None
    maps: Maps
    pictures: tuple[Pictures, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(self.maps.drawn[0]["methods"]) if self.maps.drawn else ()

    @property
    def without_map(self) -> list[str]:
        return missing.in_words(self.maps.lacking)

    @property
    def without_pictures(self) -> list[str]:
        return missing.in_words({own.cell: own.lacking for own in self.pictures if own.lacking})


def explore(place: Place, folder: Path, budget: Budget, step: Callable[[str], None]) -> Explored:
    found, unreadable = curves(place, folder)
    terms = dimensions(place, folder)
    mapped = maps(place, folder, step)
    return Explored(
        place.name,
        bool(synthetic(place.subset.results)),
        tuple(cell for cell in place.runs if any(own["cell"] == cell for own in found)),
        {
            "scores": scores(place),
            "curves": found,
            "kl": {"used": USED, "cells": terms},
            "maps": mapped.drawn,
            "utterances": mapped.utterances,
            "looks": looks(place, mapped),
        },
        tuple(map(confusion, place.cells)),
        tuple(quantities(found)),
        missing.in_words(unreadable),
        last_epochs(found) if found else None,
        in_words(terms) if terms else None,
        mapped,
        tuple(pictures(place, folder, budget, step)),
    )


def scores(place: Place) -> dict[str, Any]:
    """UA in %, with its interval, from the best model down, and the best trivial model's."""
    best = place.subset.trivials[0]
    return {
        "cells": [
            {
                "cell": f"{cell.name}: LEAKS" if cell.leaks else cell.name,
                "look": cell.name,
                "ua": round(cell.ua.mean, 2),
                "low": cell.interval and round(cell.interval.low, 2),
                "high": cell.interval and round(cell.interval.high, 2),
            }
            for cell in sorted(place.cells, key=lambda cell: cell.ua.mean)
        ],
        "trivial": {"name": best.name, "ua": round(best.ua.mean, 2)},
    }


def looks(place: Place, mapped: Maps) -> dict[str, dict[str, tuple[str, str, int]]]:
    """By what is coloured -> word -> how it is drawn, as in every other figure."""
    words = {name: mapped.utterances[name] for name in COLOURED_BY}
    return {"model": look(place.runs), **{name: look(sorted(set(w))) for name, w in words.items()}}


def look(words: Iterable[str]) -> dict[str, tuple[str, str, int]]:
    """Colour, symbol, and how many words before it have the same colour: its dash."""
    named = {word: word.lower() if word.lower() in OWN_COLOUR else word for word in words}
    colour, marker = colours(named.values()), markers(named.values())
    drawn = [colour[key] for key in named.values()]
    return {
        word: (colour[key], SYMBOLS[marker[key]], drawn[:number].count(colour[key]))
        for number, (word, key) in enumerate(named.items())
    }
