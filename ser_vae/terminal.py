"""The shared rich console: progress bars and live tables must use one instance."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from rich import progress
from rich.console import Console

T = TypeVar("T")


@lru_cache(maxsize=1)
def stderr() -> Console:
    """Return the console for bars and live tables; bars appear below a live table.

    `progress=false` sets its `quiet`, and nothing is drawn.
    """
    return Console(stderr=True, markup=False, highlight=False)


def stdout() -> Console:
    """Return a console for results, at most 80 columns wide."""
    console = Console(markup=False, emoji=False, highlight=False)
    console.width = min(console.width, 80)
    return console


def track(
    items: Iterable[T], description: str, total: int | None, *, transient: bool = False
) -> Iterable[T]:
    """Iterate over `items` with a progress bar; none is drawn into a file or a pipe."""
    console = stderr()
    return progress.track(
        items,
        description,
        total,
        console=console,
        transient=transient,
        disable=not console.is_terminal,
    )
