"""Models and baselines of one subset, a row each, those that beat nothing being marked."""

from collections.abc import Mapping

from ser_vae.report import words
from ser_vae.report.cell import Cell, Interval, Score
from ser_vae.report.figures import between, mean, written
from ser_vae.report.section import Line, Section
from ser_vae.report.subset import Subset, Trivial, kind

MARK = "†"  # beside a model that does not beat the best trivial one
SHOWN = ("wa", "macro_f1", "nll", "ece")
HEADER = ("model", "UA", "95 %", "WA", "F1", "NLL", "ECE")


def models(subset: Subset) -> Section:
    return Section(
        f"Models and baselines: {subset.place}",
        (
            *words.synthetic(subset.results),
            *words.resampled(cell.interval for cell in subset.cells),
            mark_in_words(subset),
        ),
        HEADER,
        1,
        tuple(lines(subset)),
        (*words.collapsed(subset.cells), *untested(subset)),
    )


def mark_in_words(subset: Subset) -> str:
    """What `Subset.beats_trivial` went by."""
    best = subset.trivials[0]
    if best.cell and subset.tested:
        shown = "the 95 % interval of the paired difference in UA is not wholly above 0"
    elif any(cell.interval for cell in subset.cells):
        shown = "not run to be paired with, so that the 95 % interval of UA is not wholly above it"
    else:
        shown = "without predictions, the mean is not above it"
    return (
        f"{MARK}: not shown to beat {best.name} ({mean(best.ua)}), the best trivial model: {shown}."
    )


def untested(subset: Subset) -> tuple[str, ...]:
    return (f"No pair of models was tested: {subset.untested}",) if subset.untested else ()


def lines(subset: Subset) -> list[Line]:
    """By kind, each from the highest UA down; a rule above each kind, and above what leaks."""
    trivial = [trivial_line(own) for own in subset.trivials]
    others = [cell for cell in subset.cells if kind(cell.model) != "trivial"]
    groups = [(cell.leaks, kind(cell.model)) for cell in others]
    return trivial + [
        line(subset, cell, rule=number == groups.index(group))
        for number, (cell, group) in enumerate(zip(others, groups, strict=True))
    ]


def trivial_line(trivial: Trivial) -> Line:
    name = trivial.name if trivial.cell else f"{trivial.name} (not run)"
    drawn = trivial.cell.interval if trivial.cell else None
    return Line((name, *figures(trivial.scores, drawn)))


def line(subset: Subset, cell: Cell, *, rule: bool) -> Line:
    figured = figures(cell.scores, cell.interval)
    if cell.leaks:
        return Line((f"{cell.name}: LEAKS, no result", *figured), "alarm", rule)
    mark = "" if subset.beats_trivial(cell) else f" {MARK}"
    return Line((f"{cell.name}{mark}", *figured), rule=rule)


def figures(scores: Mapping[str, Score], drawn: Interval | None) -> tuple[str, ...]:
    rest = (mean(scores.get(metric)) for metric in SHOWN)
    return written(scores["ua"]), between(drawn), *rest
