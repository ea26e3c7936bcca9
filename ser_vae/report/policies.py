"""A CVAE under every label policy: a row each, the controls marked as such."""

from ser_vae.evaluation.compare import Comparison
from ser_vae.report import words
from ser_vae.report.cell import Cell
from ser_vae.report.figures import between, difference, mean, written
from ser_vae.report.section import NOTHING, Line, Section
from ser_vae.report.subset import Subset
from ser_vae.report.told import HONEST, Told, against_honest, policies_of

HEADER = ("policy", "UA", "95 %", "WA", "F1", f"UA − {HONEST}")


def policies(subset: Subset) -> list[Section]:
    """One section for each model that was run under several policies."""
    return [
        section(subset, cell, told)
        for cell in subset.cells
        if not cell.leaks and (told := policies_of(cell))
    ]


def section(subset: Subset, cell: Cell, told: list[Told]) -> Section:
    compared = against_honest(told)
    folds = max(len(own) for own in told[0].folds.values())
    return Section(
        f"Label policies of {cell.name}: {subset.place}",
        (
            *words.synthetic(cell.results),
            f"What the encoder is told for the label. UA − {HONEST}: paired, in points, with its "
            "95 % interval. A CONTROL is no result: random tells a label at random, oracle the "
            "true one.",
            *words.resampled(own.interval for own in told),
        ),
        (*HEADER, "UA of folds") if folds > 1 else HEADER,
        1,
        tuple(line(own, compared.get(own.policy), folded=folds > 1) for own in told),
        (*found(told, compared), *words.collapsed([cell])),
    )


def line(told: Told, apart: Comparison | None, *, folded: bool) -> Line:
    scores, each = told.scores, told.ua_of_folds
    cells = (
        written(scores["ua"]),
        between(told.interval),
        mean(scores["wa"]),
        mean(scores["macro_f1"]),
        difference(apart) if apart else NOTHING,
        *([f"{min(each):.1f} to {max(each):.1f}"] if folded else []),
    )
    name = f"{told.policy} (CONTROL)" if told.control else told.policy
    return Line((name, *cells), "alarm" if told.control else "plain")


def found(told: list[Told], compared: dict[str, Comparison]) -> tuple[str, ...]:
    """Which honest policies are more than chance away from the one that is told nothing."""
    honest = [own.policy for own in told if not own.control and own.policy in compared]
    apart = [compared[name] for name in honest if compared[name].distinguishable]
    if not honest:
        return ()
    above = ", ".join(c.first for c in apart if c.difference > 0) or "none"
    below = ", ".join(c.first for c in apart if c.difference < 0) or "none"
    return (f"Distinguishable from {HONEST}: above it {above}; below it {below}.",)
