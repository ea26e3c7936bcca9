"""The report in one table: a line a subset, and what its best score is worth."""

from collections import Counter
from collections.abc import Sequence

from ser_vae.report import words
from ser_vae.report.figures import between, mean
from ser_vae.report.models import MARK
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset, kind


def glance(subsets: Sequence[Subset]) -> Section:
    return Section(
        "At a glance",
        (
            *words.synthetic(result for subset in subsets for result in subset.results),
            "The highest UA of a model that hears speech and leaks nothing, beside the best "
            f"trivial one's. Chosen after the test, it flatters. {MARK}: not shown to beat it.",
        ),
        ("corpus, protocol, data", "best model", "UA", "95 %", "best trivial", "UA", "audit"),
        2,
        tuple(map(line, subsets)),
    )


def line(subset: Subset) -> Line:
    place = ", ".join([subset.place, *subset.table.deviations])
    heard = [cell for cell in subset.cells if kind(cell.model) != "trivial" and not cell.leaks]
    best = max(heard, key=lambda cell: cell.ua.mean, default=None)
    trivial = subset.trivials[0]
    own = (NOTHING,) * 3
    if best:
        mark = "" if subset.beats_trivial(best) else f" {MARK}"
        own = (f"{best.name}{mark}", mean(best.ua), between(best.interval))
    return Line((place, *own, trivial.name, mean(trivial.ua), verdicts(subset)))


def verdicts(subset: Subset) -> str:
    audits = [f.audit for r in subset.splits.values() for f in r.findings if f.audit]
    return ", ".join(dict(Counter(own.verdict for own in audits).most_common())) or NOTHING
