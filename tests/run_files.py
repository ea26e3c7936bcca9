"""Reading what a run left behind."""

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., dict[str, Any]]
Command = Callable[..., subprocess.CompletedProcess[str]]

NOT_COMPARED = ("times_s", "peak_memory_mb")


def folders(runs: Path) -> list[Path]:
    """Every run folder, sorted."""
    return sorted(path.parent for path in runs.glob("*/*/config.yaml"))


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def comparable(folder: Path) -> dict[str, Any]:
    """metrics.json without what differs between two runs of one command."""
    metrics = json.loads((folder / "metrics.json").read_text())
    return {key: value for key, value in metrics.items() if key not in NOT_COMPARED}
