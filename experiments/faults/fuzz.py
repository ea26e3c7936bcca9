"""Damage files at random, and check that their readers accept them or raise a documented error.

    python experiments/faults/fuzz.py 20000

Every reader of files that may come from others gets this number of damaged files. Each file is
read, or refused with a documented error. Anything else is a defect: another error, too much memory,
a reader that does not return, a process that dies. Prints the counts, and writes them to fuzz.json
beside this script. Exits with 1 if there is a defect.
"""

import argparse
import json
import logging
import os
import platform
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

import soundfile
import torch
from readers import Reader, readers
from rich.progress import track

from ser_vae.terminal import stderr

ROOM = 2 * 2**30  # bytes of address space beyond what is in use before the first file
CORE_S, CLOCK_S = 5, 120  # limits of CPU time and of wall-clock time for a file
PACKAGES = ("torch", "numpy", "soundfile", "pyyaml")


class HangError(Exception):
    pass


def answer(reader: Reader, content: bytes, path: Path) -> str:
    """Return "read", or the name of the documented error."""
    path.write_bytes(content)
    try:
        reader.read(path)
    except reader.documented as error:
        return type(error).__name__
    return "read"


def fuzzed(name: str, reader: Reader, count: int, seed: int, folder: Path) -> dict[str, Any]:
    answers: Counter[str] = Counter()
    defects: dict[str, list[int]] = {}  # kind of defect -> numbers of the files that caused it
    path = folder / "damaged"
    began = time.perf_counter()
    for number in track(range(count), name, console=stderr()):
        random = Random(f"{seed} {name} {number}")
        content = reader.change(random, random.choice(reader.valid))
        try:
            with in_time():
                answers[answer(reader, content, path)] += 1
        except Exception as error:  # an undocumented error is what this looks for
            (last,) = traceback.extract_tb(error.__traceback__)[-1:]
            text = f"{type(error).__name__} at {last.filename}:{last.lineno}: {str(error)[:200]!r}"
            kind = text.partition(": ")[0]
            defects.setdefault(kind, []).append(number)
            if len(defects[kind]) == 1:
                print(f"{name}, file {number}: {text}", file=sys.stderr)
    return {
        "files": count,
        "read": answers.pop("read", 0),
        "refused": dict(sorted(answers.items())),
        "others": {kind: len(files) for kind, files in defects.items()},
        "seconds": round(time.perf_counter() - began, 1),
    }


@contextmanager
def in_time() -> Iterator[None]:
    def late(*_: object) -> None:
        raise HangError(f"not done in {CORE_S} s of a core, or {CLOCK_S} s")

    signal.signal(signal.SIGPROF, late)
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_PROF, CORE_S)
    signal.alarm(CLOCK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def mute_libraries() -> None:
    """Discard what C libraries print to standard error; Python's output is still shown."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def bound_memory() -> None:
    """Limit the address space, so that a reader that asks for gigabytes gets a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, help="damaged files for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="READER", help="only this reader, without fuzz.json")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    mute_libraries()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # a store warns of every damaged entry that it computes again
    with tempfile.TemporaryDirectory() as folder:
        made = readers(Path(folder))
        bound_memory()
        results = {
            name: fuzzed(name, reader, asked.count, asked.seed, Path(folder))
            for name, reader in made.items()
            if asked.only in (None, name)
        }
    report = {
        "command": " ".join(["python", "experiments/faults/fuzz.py", *sys.argv[1:]]),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "libsndfile": soundfile.__libsndfile_version__,
        "readers": results,
    }
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if not asked.only:
        Path(__file__).with_suffix(".json").write_text(text, encoding="utf-8")
    return int(any(counts["others"] for counts in results.values()))


if __name__ == "__main__":
    sys.exit(main())
