"""The recordings that a command is given: files, folders, globs, tables and standard input.

A table is a CSV with a column `path`, relative to the CSV, and optionally `start` and `end` (s),
`speaker`, and `emotion` or `truth`, the true emotion. Other columns are carried through.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import pandas as pd

from ser_vae import SerVaeError
from ser_vae.corpus.files import AUDIO, check_name, walk
from ser_vae.corpus.folder import OTHER_AUDIO
from ser_vae.corpus.table import BOUNDS, MISSING, parse_clip
from ser_vae.corpus.utterance import list_warning
from ser_vae.features import AudioError, audio
from ser_vae.features.extractor import Extractor, extraction_threads
from ser_vae.features.imported import Imported
from ser_vae.files import atomic_write, read_csv
from ser_vae.recogniser import Recogniser, Recording, find_model
from ser_vae.terminal import import_extra, track

T = TypeVar("T")

STDIN = "-"
MICROPHONE = "microphone"
MICROPHONE_HZ = 16_000
TRUTH = ("truth", "emotion")  # columns of the true emotion, in order of preference
OUTPUT = re.compile(r"file|name|z\d*|emotion|confidence|p_.*|error")  # not in a table of inputs
ONE_SPEAKER = "speaker of all inputs"  # of --one-speaker; no corpus has this name


@dataclass(frozen=True)
class Input:
    """A recording to recognise.

    Attributes:
        name: the file as it was given.
        recording: its path and clip, or samples.
        speaker: None if unknown.
        truth: the true emotion; None if unknown.
        columns: other columns of the table that lists it.
    """

    name: str
    recording: Recording
    speaker: str | None = None
    truth: str | None = None
    columns: dict[str, str] = field(default_factory=dict)


def add_arguments(
    parser: argparse.ArgumentParser, suffixes: Sequence[str], *, required: bool = False
) -> None:
    """Add the options on recordings, and --out, a file with one of the suffixes."""
    formats = ", ".join(suffixes)

    def parse_out(text: str) -> Path:
        if (path := Path(text)).suffix not in suffixes:
            raise argparse.ArgumentTypeError(f"{text}: expected {formats}")
        return path

    parser.add_argument("--out", type=parse_out, required=required, metavar="FILE", help=formats)
    parser.add_argument(
        "--microphone", type=float, nargs="?", const=5.0, metavar="S", help="record S seconds"
    )
    parser.add_argument("--rate", type=int, help="stdin is raw 16-bit mono PCM of this rate, in Hz")
    parser.add_argument(
        "--one-speaker", action="store_true", help="all inputs are of one (normalise=speaker)"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files in parallel")


def read_inputs(
    names: Sequence[str], extractor: Extractor, options: argparse.Namespace
) -> list[Input]:
    """Expand the names on a command line into recordings, in order, and record if asked to.

    `extractor` decides which files of a folder are read; `options` are those of `add_arguments`.

    Raises:
        SerVaeError: a glob matches nothing, a folder has no such file, or a table or standard
            input is malformed.
    """
    suffixes = extractor.suffixes if isinstance(extractor, Imported) else AUDIO
    inputs = [each for name in names for each in expand(name, suffixes, options.rate)]
    inputs += [] if options.microphone is None else [record(options.microphone)]
    if options.one_speaker:
        return [replace(each, speaker=ONE_SPEAKER) for each in inputs]
    return inputs


def expand(name: str, suffixes: Sequence[str], rate: int | None) -> Iterator[Input]:
    path = Path(os.path.expanduser(name))  # noqa: PTH111  (allows ~name.wav)
    check_name(path)
    if not name:
        raise SerVaeError("an empty name: expected a file, a folder, a CSV or -.")
    if name == STDIN:
        yield read_stdin(rate)
    elif path.is_dir():
        below = list(walk(path))
        files = [file for file in below if file.suffix.lower() in suffixes]
        if not files:
            expected = ", ".join(suffixes)
            raise SerVaeError(f"{name}: no input in this folder; this model takes {expected}.")
        other = [str(file) for file in below if file.suffix.lower() in OTHER_AUDIO]
        for warning in list_warning("files are left out, as their format cannot be read", other):
            print(f"{name}: {warning.splitlines()[0]}", file=sys.stderr)
        yield from (Input(str(file), Recording(file)) for file in files)
    elif path.suffix.lower() == ".csv":
        yield from read_table(path)
    elif path.exists() or not set("*?[") & set(name):
        yield Input(name, Recording(path))  # a missing file is reported in its row
    else:
        matches = sorted(glob(str(path), recursive=True))  # noqa: PTH207  (allows **.wav)
        if not matches:
            raise SerVaeError(f"{name}: no file matches.")
        for match in matches:
            yield from expand(match, suffixes, rate)


def read_table(path: Path) -> Iterator[Input]:
    """Read the recordings that a CSV lists."""
    for where, row in read_csv(path, ("path",)):
        cells = {key: "" if cell.strip() in MISSING else cell.strip() for key, cell in row.items()}
        name, bounds = cells.pop("path"), [cells.pop(key, "") for key in BOUNDS]
        if not name:
            raise SerVaeError(f"{where}: path is empty.")
        truth = next((cells.pop(column) for column in TRUTH if column in cells), "")
        if taken := [*filter(OUTPUT.fullmatch, cells)]:
            raise SerVaeError(f"{path}: {taken[0]}: the output has this column too.\nRename it.")
        yield Input(
            name,
            Recording(path.parent / name, clip=parse_clip(bounds, where)),
            speaker=cells.pop("speaker", "") or None,
            truth=truth or None,
            columns=cells,
        )


def read_stdin(rate: int | None) -> Input:
    """Read standard input: an audio file, or raw 16-bit little-endian mono PCM of `rate`."""
    content = sys.stdin.buffer.read()
    if rate is not None:
        return Input(STDIN, Recording(np.frombuffer(content[: len(content) // 2 * 2], "<i2"), rate))
    with TemporaryDirectory() as folder:  # to check that it is complete, as other files are
        path = Path(folder) / "standard input"
        path.write_bytes(content)
        try:
            return Input(STDIN, Recording(*audio.decode(path)))
        except AudioError as error:
            raise SerVaeError(
                f"standard input: {error.reason}\nGive --rate if it is raw PCM of 16 bits."
            ) from error


def record(seconds: float) -> Input:
    """Record from the microphone."""
    sounddevice = import_extra("sounddevice", "audio")
    print(f"recording {seconds:g} s …", file=sys.stderr, flush=True)
    try:
        samples = sounddevice.rec(round(seconds * MICROPHONE_HZ), MICROPHONE_HZ, 1, blocking=True)
    except sounddevice.PortAudioError as error:
        message = f"--microphone: {error}.\nConnect a microphone, or allow its use."
        raise SerVaeError(message) from error
    return Input(MICROPHONE, Recording(samples, MICROPHONE_HZ))


def process(
    inputs: Sequence[Input], function: Callable[[Input], T], description: str, jobs: int
) -> list[T]:
    """Apply a function to every input, in `jobs` threads, with a progress bar.

    Raises:
        SerVaeError: there are no inputs.
    """
    if not inputs:
        raise SerVaeError("Give recordings after the model: files, folders, a CSV, or -.")
    with extraction_threads(max(1, jobs)) as pool:
        return list(track(pool.map(function, inputs), description, len(inputs), transient=True))


def with_speakers(model: Recogniser, inputs: Sequence[Input]) -> Recogniser:
    """Give a model of normalise=speaker the statistics of all speakers of the inputs.

    Inputs that cannot be read, and speakers with too few that can, are skipped here; their rows of
    the output give the reason.

    Raises:
        SerVaeError: the speaker of an input is unknown.
    """
    unknown = [each.name for each in inputs if each.speaker is None]
    if model.normaliser.grouped and unknown:
        raise SerVaeError(
            f"This model needs statistics (normalise={model.normaliser.policy}); the speaker of "
            f"{len(unknown)} of {len(inputs)} inputs is unknown, such as that of {unknown[0]}.\n"
            "List them in a CSV with a column speaker (CORPUS/NAME for normalise=corpus), or give "
            "--one-speaker."
        )
    new = model.normaliser.new_groups([each.speaker or "" for each in inputs])
    for group, chosen in new.items():
        usable = []
        for recording in (inputs[index].recording for index in chosen):
            with suppress(SerVaeError):
                model.frames(*recording)
                usable.append(recording)
        with suppress(SerVaeError):
            model = model.with_speaker(group, usable)
    return model


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table in the format of the suffix: .parquet, .jsonl, or else CSV."""
    with atomic_write(path) as file:
        if path.suffix == ".parquet":
            table.to_parquet(file, index=False)
        elif path.suffix == ".jsonl":
            options = {"double_precision": 15, "force_ascii": False}
            table.to_json(file, orient="records", lines=True, **options)
        else:
            table.to_csv(file, index=False)


def split_models(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate models from inputs: the first name and the model folders after it are models."""
    count = 1
    while count < len(names) and find_model(Path(names[count])):
        count += 1
    return list(names[:count]), list(names[count:])
