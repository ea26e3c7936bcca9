"""Time the demo's Table I, from an empty cache, and the same command again when it is finished.

    python experiments/benchmarks/end_to_end.py

The nine runs use one seed and the embedded corpus (synthetic speech), which is synthesised first.
Prints the duration of the command, of each stage, and of the same command once all runs are
finished.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measured import write

TABLE_ONE = [
    sys.executable,
    "-m",
    "ser_vae.run",
    "-m",
    "+experiment=table1",
    "corpus=demo",
    "seed=0",
]


def seconds(*overrides: str) -> float:
    began = time.perf_counter()
    subprocess.run([*TABLE_ONE, *overrides], check=True, stdout=subprocess.DEVNULL)
    return round(time.perf_counter() - began, 1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        overrides = f"runs={folder}/runs", f"cache={folder}/cache"
        first, again = seconds(*overrides), seconds(*overrides)
        finished = sorted(Path(folder).glob("runs/random/*/metrics.json"))
        stages: Counter[str] = Counter()
        for metrics in finished:
            stages.update(json.loads(metrics.read_text(encoding="utf-8"))["times_s"])
    results = {
        "runs": len(finished),
        "seconds": {"from nothing": first, "found done": again},
        "of which": {stage: round(total, 1) for stage, total in stages.items()},
    }
    print(write("end_to_end", results).read_text())


if __name__ == "__main__":
    main()
