"""The one console of a person who watches: what moves there has to know of whatever else does."""

from functools import lru_cache

from rich.console import Console


@lru_cache(maxsize=1)
def stderr() -> Console:
    """Where bars and live tables are drawn; bars inside a live table appear below it."""
    return Console(stderr=True, markup=False, highlight=False)
