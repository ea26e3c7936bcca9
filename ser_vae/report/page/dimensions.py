"""How much each latent dimension says: its KL, from the largest down."""

from pathlib import Path
from typing import Any

import numpy as np

from ser_vae.report.page.place import Place
from ser_vae.report.section import Line, Section
from ser_vae.run_folder import RunFolder

USED = 0.01  # nats a segment: above it a dimension counts as used, a weak criterion
STRONGEST = 5  # dimensions that are named
DIGITS = 4


def dimensions(place: Place, folder: Path) -> list[dict[str, Any]]:
    """A bundle for each cell that has a KL: its terms and the numbers of their dimensions."""
    found = []
    for cell in place.cells:
        health = RunFolder(folder / place.shown(cell).folder).read_metrics().get("health") or {}
        terms = health.get("kl_per_dimension")
        if terms and np.isfinite(terms).all():
            order = np.argsort(terms)[::-1].tolist()
            kl = [float(f"{terms[number]:.{DIGITS}g}") for number in order]
            found.append({"cell": cell.name, "dimension": order, "kl": kl})
    return found


def in_words(bundles: list[dict[str, Any]]) -> Section:
    """The bars in figures."""
    return Section(
        "How many dimensions say something",
        ("Of the lowest seed and fold. KL in nats a segment; dimensions count from 0.",),
        ("model", f"above {USED:g} nats", "sum", "half of it in", "the strongest"),
        1,
        tuple(Line(line(bundle)) for bundle in bundles),
    )


def line(bundle: dict[str, Any]) -> tuple[str, ...]:
    kl = np.array(bundle["kl"])
    half = int(np.searchsorted(np.cumsum(kl), kl.sum() / 2)) + 1
    strongest = zip(bundle["dimension"][:STRONGEST], bundle["kl"], strict=False)
    return (
        bundle["cell"],
        f"{int((kl > USED).sum())} of {len(kl)}",
        f"{kl.sum():.1f}",
        f"{half} dimensions",
        ", ".join(f"{number} ({term:.2f})" for number, term in strongest),
    )
