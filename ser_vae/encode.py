"""Encode recordings to latents: `python -m ser_vae.encode MODEL INPUT… --out latents.parquet`.

INPUT is an audio file, a folder, a glob, - for standard input, or a CSV with a column `path`, see
`ser_vae.predict`. With --corpus, the run's corpus is encoded too, all its sets.

The output has a row per segment, or per recording with --mean: file, start, end (s; empty if
features.trim_db cuts quiet ends), the columns of the CSV, z0, z1, …; with --corpus also part
(train, validation, test), speaker and emotion. An .npz has one array per column, with `name`
instead of file, and a single array `z` (rows, Z) for all latents. The exit status is 1 if a
recording cannot be used.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml  # type: ignore[import-untyped]
from pandas.api.types import is_numeric_dtype

import ser_vae
from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Corpus
from ser_vae.features.extractor import Extractor
from ser_vae.features.imported import Imported, frames_path, is_parquet
from ser_vae.files import atomic_write
from ser_vae.inputs import (
    ONE_SPEAKER,
    Input,
    add_arguments,
    process,
    read_inputs,
    with_speakers,
    write_table,
)
from ser_vae.recogniser import Recogniser, Recording, checked_component
from ser_vae.run_folder import RunFolder
from ser_vae.settings import build, flatten
from ser_vae.terminal import model_parser, run_command

LATENT = re.compile(r"^z\d+$")  # columns of latents, which come last


def main(arguments: Sequence[str] | None = None) -> int:
    parser = model_parser("encode", __doc__, "a run folder, or its model/")
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help="recordings")
    parser.add_argument("--mean", action="store_true", help="the mean over a recording's segments")
    parser.add_argument("--corpus", action="store_true", help="encode the corpus of the run folder")
    add_arguments(parser, (".parquet", ".npz", ".csv"), required=True)
    return run_command(parser, encode, arguments)


def encode(options: argparse.Namespace) -> int:
    """Write the latents; return the exit status.

    Raises:
        SerVaeError: an option, the model or the list of inputs is wrong, or no input can be used.
    """
    loaded = ser_vae.load(options.model, trust=options.trust)
    inputs = read_inputs(options.inputs, loaded.extractor, options)
    if options.corpus:
        inputs += corpus_inputs(Path(options.model), loaded.extractor, options.trust)
    model = with_speakers(loaded, inputs) if loaded.representation is not None else loaded
    encode_each = partial(encode_input, model, mean=options.mean)
    done = process(inputs, encode_each, "encoding", options.jobs)
    for error in (each for each in done if isinstance(each, SerVaeError)):
        print(f"error: {error}", file=sys.stderr)
    if tables := [each for each in done if isinstance(each, pd.DataFrame)]:
        table = pd.concat(tables)
        write(table[sorted(table, key=lambda name: bool(LATENT.fullmatch(name)))], options.out)
    return int(len(tables) < len(done))


def corpus_inputs(run: Path, extractor: Extractor, trust: Sequence[str]) -> list[Input]:
    """List the utterances of a run, from its configuration and its split.

    Their recordings are audio files, or the .npy files of frames that were computed elsewhere.

    Raises:
        SerVaeError: this is not a run folder, or the corpus has been moved.
    """
    folder = RunFolder(run)
    if not folder.config.is_file() or not folder.split.is_file():
        raise SerVaeError(f"--corpus: {run} is not a run folder.\nGive one as the model.")
    config = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    split = pd.read_csv(folder.split, dtype="str", keep_default_na=False)
    corpus: Corpus = build(checked_component(config["corpus"], folder.config, trust))
    utterances = {utterance.id: utterance for utterance in corpus.utterances}
    if missing := [name for name in split["utterance"] if name not in utterances]:
        raise SerVaeError(
            f"--corpus: {len(missing)} utterances of the run are not in the corpus any more, first "
            f"{missing[0]}.\nRestore the corpus."
        )
    inputs = []
    for row in split.to_dict("records"):
        utterance = utterances[row["utterance"]]
        recording = Recording(utterance.path, clip=utterance.clip)
        if isinstance(extractor, Imported):
            file = frames_path(extractor.root, utterance)
            recording = Recording(file)
            if is_parquet(file):
                raise SerVaeError(
                    f"--corpus: the frames are in {file}, one file for all utterances."
                    "\nWrite each of them to a .npy file (T, F), and give their folder as INPUT."
                )
        columns = {key: row[key] for key in ("part", "speaker", "emotion")}
        inputs.append(Input(utterance.id, recording, utterance.speaker, columns=columns))
    return inputs


def encode_input(model: Recogniser, each: Input, *, mean: bool) -> pd.DataFrame | SerVaeError:
    """Return the latents of one input, a row per segment; or why there are none."""
    source, rate, clip = each.recording
    try:
        z = model.encode(source, rate, speaker=each.speaker, clip=clip)
    except SerVaeError as error:
        return error
    frame_s, begin = model.extractor.frame_shift_s, clip[0] if clip else 0.0
    frames = np.arange(len(z)) * model.segmentation.hop
    start, end = ((frames + n) * frame_s + begin for n in (0, model.segmentation.length))
    if mean:
        z, start, end = z.mean(axis=0, keepdims=True), start[:1], end[-1:]
    features = flatten(model.components["features"].model_dump(), ".").items()
    if any(key.endswith("trim_db") and value is not None for key, value in features):
        start, end = start * np.nan, end * np.nan  # it is not known what was cut before them
    known = {"speaker": each.speaker, "emotion": each.truth}
    columns = each.columns | {k: v for k, v in known.items() if v not in (None, ONE_SPEAKER)}
    table = pd.DataFrame({"file": each.name, "start": start, "end": end}).assign(**columns)
    return table.join(pd.DataFrame(z).add_prefix("z"))


def write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix != ".npz":
        write_table(table, path)
        return
    latents = table.filter(regex=LATENT)
    others = table.drop(columns=latents.columns).rename(columns={"file": "name"})
    others = others.apply(lambda each: each if is_numeric_dtype(each) else each.fillna(""))
    arrays: dict[str, Any] = {key: np.array(others[key].tolist()) for key in others}  # no objects
    with atomic_write(path) as file:
        np.savez(file, z=latents.to_numpy(np.float32), **arrays)


if __name__ == "__main__":
    sys.exit(main())
