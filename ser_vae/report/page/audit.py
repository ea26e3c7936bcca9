"""What training and test part share, a row a subset."""

from collections.abc import Sequence

from ser_vae.report import words
from ser_vae.report.cell import score
from ser_vae.report.figures import span, spread
from ser_vae.report.findings import Audit
from ser_vae.report.glance import verdicts
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset
from ser_vae.report.table import Table

MEANT = (
    "CONFOUNDED: knowing the speaker alone comes more than half of the way from chance to perfect, "
    "so that a score may measure the speaker. SHARED: test speakers are also in train. "
    "INDEPENDENT: none is. DUPLICATES: some test audio is also in train."
)


def audit(table: Table, subsets: Sequence[Subset]) -> Section:
    return Section(
        f"What the splits share: {words.title(table)}",
        (*words.synthetic(r for own in subsets for r in own.results), MEANT),
        ("data", "audit", "because", "speaker lookup, UA", "adjacent turns", "duplicates"),
        3,
        tuple(map(line, subsets)),
    )


def line(subset: Subset) -> Line:
    found = [own.audit for r in subset.splits.values() for own in r.findings if own.audit]
    if not found:
        return Line((subset.name, NOTHING, "these runs are older than the audit", *[NOTHING] * 3))
    turns = [own.adjacent_turns for own in found if own.adjacent_turns is not None]
    return Line(
        (
            subset.name,
            verdicts(subset),
            sentences(found),
            spread(score(own.lookup["ua"] for own in found)),
            span(turns) if turns else NOTHING,
            span(own.duplicates for own in found),
        )
    )


def sentences(found: Sequence[Audit]) -> str:
    """That of the first split, and of how many."""
    said = list(dict.fromkeys(own.sentence for own in found))
    return said[0] if len(said) == 1 else f"such as: {said[0]}"
