"""Every model against every other of its subset: by how much, and whether by more than chance."""

import math
from collections.abc import Sequence

from ser_vae.evaluation.compare import Comparison
from ser_vae.report import words
from ser_vae.report.cell import heading
from ser_vae.report.figures import difference, listed, p_values, points
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset

FEW = 10  # pairs: a list is still read; more of them are drawn as a matrix, the list folded away
CLAIMS = (("cvae", "vae"), ("vae", "ae"), ("cvae", "ae"))  # the paper's: the first is better
APART = "*"  # beside a difference that both tests find


def pairs(subset: Subset) -> list[Section]:
    """A list of all pairs; where they are many, a matrix of them first; without tests, none."""
    if not subset.tested:
        return []
    if len(subset.tested) > FEW:
        return [matrix(subset), listing(subset, folded=True)]
    return [listing(subset, folded=False)]


def listing(subset: Subset, *, folded: bool) -> Section:
    return Section(
        f"Pairs of models: {subset.place}",
        (
            *words.synthetic(subset.results),
            "UA of the first minus UA of the second, in points, with its 95 % interval "
            f"(not corrected). {tests_in_words(subset)}",
        ),
        ("first", "second", "difference", "p, McNemar", "p, bootstrap", "distinguishable"),
        2,
        tuple(map(line, subset.tested)),
        () if folded else said(subset),
        folded,
    )


def line(c: Comparison) -> Line:
    return Line(
        (c.first, c.second, difference(c), *p_values(c), "yes" if c.distinguishable else "no")
    )


def matrix(subset: Subset) -> Section:
    """The lower triangle, the models being numbered to keep the columns narrow."""
    names = in_table_order(subset)
    found = {(c.first, c.second): c for c in subset.tested}
    lines = tuple(
        Line(
            (
                f"{row + 1} {name}",
                *(entry(found.get((other, name))) for other in names[:row]),
                *[""] * (len(names) - 1 - row),
            )
        )
        for row, name in enumerate(names)
    )
    return Section(
        f"Differences between models: {subset.place}",
        (
            *words.synthetic(subset.results),
            "UA of the row's model minus UA of the column's, in points. "
            f"{APART}: distinguishable. {tests_in_words(subset)}",
        ),
        ("model", *(str(number) for number in range(1, len(names)))),
        1,
        lines,
        (*said(subset), "Intervals and p-values of all pairs: comparisons.csv."),
    )


def entry(c: Comparison | None) -> str:
    """The later model of the two minus the earlier."""
    if c is None:
        return NOTHING
    return f"{points(-c.difference)}{APART if c.distinguishable else ''}"


def in_table_order(subset: Subset) -> list[str]:
    tested = {name for c in subset.tested for name in (c.first, c.second)}
    return [cell.name for cell in subset.cells if cell.name in tested]


def tests_in_words(subset: Subset) -> str:
    drawn = sorted({c.groups for c in subset.tested})
    over = f", the bootstrap over {' or '.join(drawn)}" if drawn else ""
    count = len(subset.tested)
    corrected = f"Each p is corrected for {count} pairs (Holm)" if count > 1 else "One pair"
    return f"{corrected}{over}."


def said(subset: Subset) -> tuple[str, ...]:
    """The paper's claims, and who can't be told apart."""
    return (*claims(subset), *alike(subset))


def claims(subset: Subset) -> list[str]:
    """What is seen of the paper's order, where its models were run."""
    by_name = {cell.name: cell for cell in subset.cells}
    found = [
        subset.against(by_name[better], by_name[worse])
        for better, worse in (tuple(map(heading, claim)) for claim in CLAIMS)
        if better in by_name and worse in by_name
    ]
    seen = [f"{c.first} − {c.second} {difference(c)}, {judged(c)}" for c in found if c]
    return [f"The paper's order, CVAE above VAE above AE: {'; '.join(seen)}."] if seen else []


def judged(c: Comparison) -> str:
    if not c.distinguishable:
        return "not distinguishable"
    return "as in the paper" if c.difference > 0 else "THE OTHER WAY ROUND"


def alike(subset: Subset) -> list[str]:
    groups = cliques(in_table_order(subset), subset.tested)
    if not groups:
        models = sum(not cell.leaks for cell in subset.cells)
        untested = math.comb(models, 2) - len(subset.tested)
        lacking = f" {untested} pairs have no seed in common, and were not tested."
        every = "tested pair of models" if untested else "model"
        return [
            f"Every {every} is distinguishable{'' if untested else ' from every other'}."
            f"{lacking if untested else ''}"
        ]
    return [f"Not distinguishable from one another: {'; '.join(map(listed, groups))}."]


def cliques(names: Sequence[str], tested: Sequence[Comparison]) -> list[list[str]]:
    """The largest groups in which no pair is distinguishable; a model may be in several.

    The algorithm is Bron and Kerbosch's (1973), without its pivot: models are few.
    """
    same = {frozenset((c.first, c.second)) for c in tested if not c.distinguishable}
    found: list[list[str]] = []

    def grow(group: list[str], candidates: list[str], done: list[str]) -> None:
        if not candidates and not done and len(group) > 1:
            found.append(group)
        for number, name in enumerate(candidates):
            left, tried = candidates[number + 1 :], [*done, *candidates[:number]]
            grow(
                [*group, name],
                [other for other in left if frozenset((name, other)) in same],
                [other for other in tried if frozenset((name, other)) in same],
            )

    grow([], list(names), [])
    return found
