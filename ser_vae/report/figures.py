"""How numbers are written, everywhere in the report."""

from collections.abc import Iterable

from ser_vae.evaluation.compare import Comparison, rounded
from ser_vae.report.cell import PERCENT, Interval, Score
from ser_vae.report.section import NOTHING


def written(found: Score | None) -> str:
    """As `61.23 ± 2.07 (n=5)`."""
    if found is None:
        return NOTHING
    sd = "" if found.sd is None else f" ± {found.sd:.2f}"
    return f"{found.mean:.2f}{sd} (n={found.n})"


def mean(found: Score | None, digits: int = 2) -> str:
    return NOTHING if found is None else f"{found.mean:.{digits}f}"


def spread(found: Score | None, digits: int = 1) -> str:
    """The mean with its deviation, without n."""
    if found is None:
        return NOTHING
    sd = "" if found.sd is None else f" ± {found.sd:.{digits}f}"
    return f"{negative(f'{found.mean:.{digits}f}')}{sd}"


def between(found: Interval | None) -> str:
    return NOTHING if found is None else f"{found.low:.1f} to {found.high:.1f}"


def difference(c: Comparison) -> str:
    """In points, as `+0.9 (−1.2 to 3.0)`."""
    return f"{points(c.difference)} ({ends(c.low, c.high)})"


def points(fraction: float) -> str:
    return negative(f"{PERCENT * fraction:+.1f}")


def ends(low: float, high: float) -> str:
    return negative(f"{PERCENT * low:.1f} to {PERCENT * high:.1f}")


def negative(text: str) -> str:
    """With a minus sign, and no sign before a zero."""
    return (text[1:] if text in ("-0.0", "+0.0") else text).replace("-", "−")


def p_values(c: Comparison) -> tuple[str, str]:
    return rounded(c.mcnemar_corrected), rounded(c.bootstrap_corrected)


def span(values: Iterable[int]) -> str:
    found = set(values)
    low, high = min(found), max(found)
    return f"{low}" if low == high else f"{low} to {high}"


def listed(names: Iterable[str]) -> str:
    """As `a, b and c`."""
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last
