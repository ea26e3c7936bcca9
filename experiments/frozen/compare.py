"""Run the same experiments with two source trees and compare their numbers.

    python experiments/frozen/compare.py run TREE OUT [--only CASE ...]
    python experiments/frozen/compare.py compare REFERENCE PRESENT [--only CASE ...]

`run` executes every case of cases.yaml in a separate process with the code in TREE, and keeps
it in OUT/<case>. Finished cases are not repeated. `compare` takes two such folders, and exits with
1 unless the numbers of PRESENT are those of REFERENCE. CASE may be a pattern such as 'demo_*'.
"""

import argparse
import csv
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import yaml

Values = dict[str, Any]  # "<run> <file> <path in the file>": float, str, bool or None

DEFINITIONS = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text())
CASES: dict[str, str] = DEFINITIONS["cases"]
SVM_TOLERANCE = 1e-6  # "equal guesses, probabilities to 1e-6"
FILES = ("split.csv", "predictions.csv", "policies/*.csv", "pretrain.csv", "classify.csv")
ACTORS = range(1, 9)  # of RAVDESS; openSMILE's descriptors of all 24 would take minutes
CORPORA = ("RAVDESS_ROOT", "URDU_ROOT")
RUN = """
import json, sys
from pathlib import Path
from ser_vae.run import configure, run
config = configure(*sys.argv[2:])
if "calibrate" in config:  # 0.1.0 has no calibration
    config["calibrate"] = False
scores = run(config)
Path(sys.argv[1]).write_text(json.dumps(scores))
"""


def run_all(tree: Path, out: Path, names: list[str]) -> int:
    """Run the cases that are not finished; a failed one does not stop the others."""
    if missing := [name for name in CORPORA if name not in os.environ]:
        sys.exit(f"Set {' and '.join(missing)}: the cases read both corpora.")
    environment = {**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"}
    check_import(tree, environment)
    actors = out / "actors"
    if not actors.exists():
        actors.mkdir(parents=True)
        for name in (f"Actor_{number:02}" for number in ACTORS):
            (actors / name).symlink_to(Path(os.environ["RAVDESS_ROOT"]).resolve() / name)
    failed = False
    for name in names:
        began = time.perf_counter()
        try:
            run_case(name, tree, out, environment)
            print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)
        except RuntimeError as error:
            failed = True
            print(f"{name}: FAILED: {error}", flush=True)
    return failed


def check_import(tree: Path, environment: dict[str, str]) -> None:
    """Exit if Python imports ser_vae from elsewhere than `tree`."""
    command = [sys.executable, "-c", "import ser_vae; print(ser_vae.__file__)"]
    imported = subprocess.check_output(command, cwd=tree, env=environment, text=True).strip()
    if not Path(imported).is_relative_to(tree):
        sys.exit(f"Python imports {imported}, not the code in {tree}.")


def run_case(name: str, tree: Path, out: Path, environment: dict[str, str]) -> None:
    """Run one case from its start, after the one whose weights it needs.

    Raises:
        RuntimeError: the run failed, or could not be killed in the middle of the stage.
    """
    folder = out / name
    if (folder / "scores.json").exists():
        return
    settings = CASES[name].format(**DEFINITIONS["abbreviations"], actors=out / "actors")
    overrides = [*DEFINITIONS["common"].split(), *settings.split()]
    overrides += [f"runs={folder / 'runs'}", f"cache={out / 'cache'}"]
    if source := DEFINITIONS["pretrained_by"].get(name):
        run_case(source, tree, out, environment)
        [weights] = (out / source / "runs" / "random").glob("*/pretrained.ckpt")
        overrides.append(f"training.pretrained={weights}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = [sys.executable, "-c", RUN, str(folder / "scores.json"), *overrides]
    with (folder / "log.txt").open("w") as log:
        start = partial(
            subprocess.Popen, command, cwd=tree, env=environment, stdout=log, stderr=log
        )
        if when := DEFINITIONS["killed"].get(name):
            kill(start(), folder / "runs", **when)
        if start().wait():
            raise RuntimeError(f"see {folder / 'log.txt'}")


def kill(process: "subprocess.Popen[Any]", runs: Path, *, stage: str, epochs: int) -> None:
    """Send SIGKILL in the middle of `stage`, after so many of its epochs.

    Raises:
        RuntimeError: the run was over before that, or the stage at its end.
    """
    while process.poll() is None and finished_epochs(runs, stage) < epochs:
        time.sleep(0.02)
    process.kill()
    process.wait()
    if not epochs <= (done := finished_epochs(runs, stage)) < 2 * epochs:
        raise RuntimeError(f"killed after {done} of {2 * epochs} epochs of {stage}")


def finished_epochs(runs: Path, stage: str) -> int:
    """Return how many epochs the curves of a stage show: one line each, below the header."""
    return max((len(p.read_text().splitlines()) - 1 for p in runs.rglob(f"{stage}.csv")), default=0)


def compare_all(reference: Path, present: Path, names: list[str]) -> int:
    """Print what differs in each case between two folders, and in a resumed run within each."""
    pairs = [(name, reference / name, present / name) for name in names]
    for out in (reference, present):
        resumed = [name for name in names if name in DEFINITIONS["killed"]]
        pairs += [(f"{out / name}, resumed", out / "uninterrupted", out / name) for name in resumed]
    unequal = 0
    for title, expected, actual in pairs:
        if all((folder / "scores.json").exists() for folder in (expected, actual)):
            before, after = read_case(expected), read_case(actual)
            found = list(differences(actual.name, before, after))
            verdict = f"{len(found)} of {len(before)} values DIFFER" if found else "equal"
        else:
            found, verdict = [], "NOT COMPARED, as it is not finished in one of the folders"
        unequal += verdict != "equal"
        first = {tuple(line.split()[1:3]): line for line in reversed(found)}  # of each file
        print("\n    ".join([f"{title}: {verdict}", *reversed(first.values())]), flush=True)
    print(f"{len(pairs) - unequal} of {len(pairs)} comparisons are equal.")
    return bool(unequal)


def differences(case: str, before: Values, after: Values) -> Iterator[str]:
    """Yield a line for each value that is not equal, missing, or new in a table."""
    tolerance = SVM_TOLERANCE if case in DEFINITIONS["rounded"] else 0.0
    for key in dict.fromkeys([*before, *after]):
        added = key not in before and ".json " in key  # a new score does not change the others
        if added or any(
            fnmatchcase(f"{case} {key}", pattern) for pattern in DEFINITIONS["changed"]
        ):
            continue
        old, new = before.get(key, "missing"), after.get(key, "missing")
        if not is_equal(old, new, tolerance):
            yield f"{case} {key}: {old!r} before, {new!r} now"


def is_equal(old: Any, new: Any, tolerance: float) -> bool:
    if not isinstance(old, float) or not isinstance(new, float):
        return type(old) is type(new) and old == new
    return abs(old - new) <= tolerance or old == new or (math.isnan(old) and math.isnan(new))


def read_case(folder: Path) -> Values:
    """Read the numbers of each run of a case, and of fold=all those of all folds together."""
    values: Values = {}
    finished = sorted((folder / "runs").rglob("metrics.json"))
    for run in (path.parent for path in finished):
        name = run.name.rpartition("-")[0]  # without the hash
        for path in (path for pattern in FILES for path in sorted(run.glob(pattern))):
            values |= {f"{name} {path.relative_to(run)} {k}": v for k, v in read_csv(path)}
        metrics = json.loads((run / "metrics.json").read_text())
        values |= {f"{name} metrics.json {k}": v for k, v in flatten(metrics)}
    if len(finished) > 1:
        scores = json.loads((folder / "scores.json").read_text())
        values |= {f"pooled scores.json {k}": v for k, v in flatten(scores)}
    return values


def read_csv(path: Path) -> Iterator[tuple[str, float | str]]:
    """Yield each cell as "<first cell of its row>.<column>", as a number where it is one."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            first = next(iter(row.values()))
            for column, cell in row.items():
                try:
                    yield f"{first}.{column}", float(cell)
                except ValueError:
                    yield f"{first}.{column}", cell


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a JSON value, each with the keys and indices that lead to it."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flatten(item, f"{path}.{key}" if path else str(key))
    else:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        yield path, float(value) if is_number else value


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the numbers of two source trees.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, first, second in (("run", "tree", "out"), ("compare", "reference", "present")):
        arguments = commands.add_parser(command)
        arguments.add_argument(first, type=Path)
        arguments.add_argument(second, type=Path)
        arguments.add_argument("--only", nargs="+", default=["*"], metavar="CASE")
    args = parser.parse_args()
    names = [name for name in CASES if any(fnmatchcase(name, each) for each in args.only)]
    if not names:
        parser.error(f"--only: no such case; there are {', '.join(CASES)}")
    if args.command == "run":
        return run_all(args.tree.resolve(), args.out.resolve(), names)
    return compare_all(args.reference, args.present, names)


if __name__ == "__main__":
    sys.exit(main())
