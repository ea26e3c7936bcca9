"""The one console of a person who watches: what moves there has to know of whatever else does."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from rich import progress
from rich.console import Console

T = TypeVar("T")


@lru_cache(maxsize=1)
def stderr() -> Console:
    """Where bars and live tables are drawn; bars inside a live table appear below it.

    Nothing is drawn there while `quiet` is set, which `progress=false` does.
    """
    return Console(stderr=True, markup=False, highlight=False)


def track(
    items: Iterable[T], said: str, total: int | None, *, transient: bool = False
) -> Iterable[T]:
    """A bar over `items`, where somebody watches: none goes into a file or a pipe."""
    console = stderr()
    return progress.track(
        items,
        said,
        total,
        console=console,
        transient=transient,
        disable=not console.is_terminal,
    )
