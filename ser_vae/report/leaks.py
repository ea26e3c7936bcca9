"""What became of the label that a CVAE's encoder was told, and what that says."""

from collections.abc import Mapping, Sequence

from ser_vae.evaluation.compare import Comparison
from ser_vae.report import words
from ser_vae.report.cell import Cell, score
from ser_vae.report.figures import ends, mean, points, spread
from ser_vae.report.findings import LeakPanel, Share
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset
from ser_vae.report.told import HONEST, against_honest, policies_of


def leaks(subset: Subset) -> list[Section]:
    """One section for each model that has a leak panel."""
    return [
        section(subset, cell, panels)
        for cell in subset.cells
        if not cell.leaks
        and (panels := [own.leak_panel for own in cell.findings if own.leak_panel])
    ]


def section(subset: Subset, cell: Cell, panels: Sequence[LeakPanel]) -> Section:
    oracle = against_honest(policies_of(cell)).get("oracle")
    null, told = ([own.permuted[key] for own in panels] for key in ("null_ua", "oracle_ua"))
    chance = mean(score(own.permuted["chance"] for own in panels), 1)
    return Section(
        f"What leaks of the label in {cell.name}: {subset.place}",
        (
            *words.synthetic(cell.results),
            f"In %, mean ± standard deviation over {len(panels)} runs (seeds, folds). 95 %: from "
            "the lowest to the highest end of the runs' intervals; of the last row, the interval "
            "of the mean.",
        ),
        ("what", "found", "95 %", "chance"),
        1,
        (
            line("the output is the random label that was told", [own.follows for own in panels]),
            line("a linear probe reads the random label out of z", [own.in_z for own in panels]),
            Line((f"UA on permuted labels, {HONEST}", spread(score(null)), NOTHING, chance)),
            Line(("UA on permuted labels, oracle", spread(score(told)), NOTHING, chance)),
            Line(
                (
                    f"UA, oracle minus {HONEST}",
                    points(oracle.difference) if oracle else NOTHING,
                    ends(oracle.low, oracle.high) if oracle else NOTHING,
                    "0.0",
                )
            ),
        ),
        said(panels, oracle),
    )


def line(what: str, shares: Sequence[Share]) -> Line:
    return Line(
        (
            what,
            spread(score(own.share for own in shares)),
            ends(min(own.low for own in shares), max(own.high for own in shares)),
            mean(score(own.chance for own in shares), 1),
        )
    )


def said(panels: Sequence[LeakPanel], oracle: Comparison | None) -> tuple[str, ...]:
    """What the rows say, and what they do not."""
    apart = score(own.permuted["oracle_ua"] - own.permuted["null_ua"] for own in panels)
    in_z = [own.in_z for own in panels]
    there = any(own.low > own.chance for own in in_z)
    warned = " A label in z can reach a classifier, whether or not this one uses it."
    return (
        f"The output follows a random label {above([own.follows for own in panels])}; a linear "
        f"probe reads it out of z {above(in_z)}.{warned if there else ''}",
        f"On permuted labels, of which speech says nothing, oracle minus {HONEST} is "
        f"{spread(apart)} points{gain([own.permuted for own in panels])}.",
        *difference_in_words(oracle),
    )


def above(shares: Sequence[Share]) -> str:
    """How often more than chance, by each run's own interval."""
    count = sum(own.low > own.chance for own in shares)
    if len(shares) == 1:
        return "more often than chance" if count else "no more often than chance"
    if count in (0, len(shares)):
        return f"{'more' if count else 'no more'} often than chance in each of {len(shares)} runs"
    return f"more often than chance in {count} of {len(shares)} runs"


def gain(permuted: Sequence[Mapping[str, float]]) -> str:
    """Whether oracle minus null on permuted labels is more than noise.

    It is where a run's interval says so, and the oracle is above chance: null may fall below it by
    how the labels came to lie, of which an interval over utterances says nothing.
    """
    if not all("low" in own for own in permuted):
        return ", of which the runs left no interval"
    count = sum(own["low"] > 0 and own["oracle_ua"] > own["chance"] for own in permuted)
    if not count:
        return ", no more than noise"
    runs = "" if len(permuted) == 1 else f" in {count} of {len(permuted)} runs"
    return f", above 0 by its interval{runs}: that can only be the label that was told"


def difference_in_words(oracle: Comparison | None) -> tuple[str, ...]:
    if oracle is None:
        return ()
    gained = (
        "gains" if oracle.low > 0 else "loses" if oracle.high < 0 else "neither gains nor loses"
    )
    return (
        f"Told the true label, the model {gained} UA, as far as its interval says. That difference "
        "is no measure of the leak: the first two rows are.",
    )
