"""What a logger is told of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LoggedRun:
    """A run as a dashboard shows it; `group`, `kind` and `tags` are for finding it among others."""

    name: str
    folder: Path
    group: str
    kind: str
    tags: tuple[str, ...]
    config: Mapping[str, Any]
