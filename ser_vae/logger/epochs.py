"""Which epochs of which curve a W&B run holds, so that a resumed one records none twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ser_vae.files import write_text

STAGES = ("pretrain", "classify")  # in the order in which they are trained
EPOCH = "epoch"  # of the stage: the x-axis of both stages' curves

Points = set[tuple[str, int]]  # a metric's name and an epoch


@dataclass(frozen=True)
class Epochs:
    """The points that are recorded, in a file: processes that Lightning spawns record some, too."""

    file: Path

    def start(self, recorded: Points) -> None:
        """Forget what was noted, and note what is `recorded`."""
        write_text(self.file, "".join(f"{name} {epoch}\n" for name, epoch in sorted(recorded)))

    def new(self, row: Mapping[str, float], epoch: int) -> dict[str, float]:
        """Those metrics of an epoch that are not recorded yet."""
        seen = set(self.file.read_text().splitlines())
        return {name: value for name, value in row.items() if f"{name} {epoch}" not in seen}

    def add(self, names: Iterable[str], epoch: int) -> None:
        with self.file.open("a") as file:
            file.writelines(f"{name} {epoch}\n" for name in names)


def in_files(records: Iterable[Any]) -> tuple[Points, int]:
    """The points in W&B's offline records, and the step after the last of their history."""
    points: Points = set()
    step = 0
    for record in records:
        if record.HasField("history"):
            row = {item.key or "/".join(item.nested_key): item for item in record.history.item}
            step = max(step, record.history.step.num + 1)
            if EPOCH in row:
                epoch = int(float(row[EPOCH].value_json))
                points |= {(name, epoch) for name in row if name.startswith(STAGES)}
    return points, step


def on_server(summary: Mapping[str, Any], epochs: Mapping[str, int]) -> Points:
    """The points that W&B's server has of a run, by the last values that it gives on resuming.

    `epochs` is how many each stage has: one with another behind it is complete.
    """
    curves = {stage: [n for n in summary if n.startswith(f"{stage}/")] for stage in STAGES}
    begun = [stage for stage in STAGES if curves[stage]]
    ends = {stage: epochs[stage] for stage in begun[:-1]}
    if begun:
        ends[begun[-1]] = int(summary[EPOCH]) + 1
    return {(n, epoch) for stage in begun for n in curves[stage] for epoch in range(ends[stage])}
