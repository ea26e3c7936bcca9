"""Nested settings and results under names that a dashboard can filter on."""

from collections.abc import Iterator, Mapping
from typing import Any


def flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """{"audit": {"verdict": "SHARED"}} -> ("audit/verdict", "SHARED")."""
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}/")
        else:
            yield prefix + name, value
