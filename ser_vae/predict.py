"""Recognise the emotion of recordings: `python -m ser_vae.predict MODEL INPUT…`.

MODEL is a run folder or its `model/`; if several are given, such as seeds or folds, their
probabilities are averaged. INPUT is an audio file, a folder, a glob, - for standard input, or a CSV
with a column `path`, relative to the CSV, and optionally `start` and `end` (s), `speaker`, and
`truth` or `emotion`, the true emotion, by which predictions are scored; other columns are copied.

The output has a row per recording, or per time with --every: file, start, end, emotion, confidence,
the probability of each emotion, and error. The exit status is 1 if a recording cannot be used.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

import ser_vae
from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation.intervals import intervals
from ser_vae.evaluation.metrics import scores
from ser_vae.evaluation.predictions import PROBABILITY
from ser_vae.inputs import (
    Input,
    add_arguments,
    process,
    read_inputs,
    split_models,
    with_speakers,
    write_table,
)
from ser_vae.recogniser import Recogniser
from ser_vae.stream import Prediction, TimedPrediction
from ser_vae.terminal import model_parser, run_command

UNCERTAIN = "uncertain"  # in place of an emotion below --min-confidence
SUFFIXES = (".csv", ".jsonl", ".parquet")

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    names = {"nargs": "+", "metavar": "MODEL… INPUT…"}
    parser = model_parser("predict", __doc__, "models, then inputs", **names)
    parser.add_argument("--every", type=float, metavar="S", help="predict after every S seconds")
    parser.add_argument(
        "--min-confidence", type=float, default=0.0, metavar="P", help=f"below it: {UNCERTAIN}"
    )
    add_arguments(parser, SUFFIXES)
    return run_command(parser, write_predictions, arguments)


def write_predictions(options: argparse.Namespace) -> int:
    """Write the predictions to --out or standard output; return the exit status.

    Raises:
        SerVaeError: an option, a model or the list of inputs is wrong.
    """
    models, names = split_models(options.model)
    loaded = [ser_vae.load(name, trust=options.trust) for name in models]
    emotions = loaded[0].emotions
    inputs = read_inputs(names, loaded[0].extractor, options)
    check_models(models, loaded, options.every)
    recognisers = [with_speakers(model, inputs) for model in loaded]
    recognise_input = partial(
        recognise, recognisers, every_s=options.every, min_confidence=options.min_confidence
    )
    # sampled latents draw noise from one generator, in an order that threads would change
    sampled = any(c.sample for model in loaded for c in model.classifiers.values())
    rows = process(inputs, recognise_input, "predicting", 1 if sampled else options.jobs)
    table = as_table(inputs, rows, emotions)
    if options.out:
        write_table(table, options.out)
    elif sys.stdout.isatty():
        Console(markup=False).print(for_terminal(table))
    else:
        table.to_csv(sys.stdout, index=False)
    if any(each.truth for each in inputs):
        print_scores(inputs, [each[-1] for each in rows], emotions)
    return int(table["error"].ne("").any())


def as_table(
    inputs: Sequence[Input], rows: Sequence[Sequence[Row]], emotions: Sequence[str]
) -> pd.DataFrame:
    carried = dict.fromkeys(column for each in inputs for column in each.columns)
    columns = ["file", "start", "end", *carried]
    columns += ["truth"] if any(each.truth for each in inputs) else []
    columns += ["emotion", "confidence", *(PROBABILITY + name for name in emotions), "error"]
    return pd.DataFrame([row for each in rows for row in each], columns=columns)


def check_models(names: Sequence[str], models: Sequence[Recogniser], every: float | None) -> None:
    """Raise if the models cannot be averaged, or --every is given and one cannot be streamed."""
    first = models[0]
    if every is not None and not 0 < every < 1e9:  # beyond, rounding would overflow
        raise SerVaeError(f"--every {every:g}: expected a number of seconds, such as 0.1.")
    for name, model in zip(names, models, strict=True):
        if set(model.emotions) != set(first.emotions):
            raise SerVaeError(
                f"{name}: its emotions are {', '.join(model.emotions)}, those of {names[0]} "
                f"{', '.join(first.emotions)}.\nAverage models of the same emotions."
            )
        if every is not None:
            if reason := model.obstacle(causal=True):
                raise SerVaeError(f"--every: {name}: {reason}.\nPredict whole recordings instead.")
            if (model.extractor, model.segmentation) != (first.extractor, first.segmentation):
                raise SerVaeError(
                    f"--every: {name}: its segments end at other times than those of {names[0]}.\n"
                    "Give models with the same features and segments, or leave out --every."
                )


def recognise(
    models: Sequence[Recogniser], each: Input, *, every_s: float | None, min_confidence: float
) -> list[Row]:
    """Recognise one input: return a row of the table, or several with `every_s`."""
    source, rate, clip = each.recording
    start, end = clip or (np.nan, np.nan)
    row: Row = {**each.columns, "file": each.name, "start": start, "end": end, "truth": each.truth}
    by_model: list[Sequence[Prediction]]
    try:
        if every_s is None:
            by_model = [[m.predict(source, rate, speaker=each.speaker, clip=clip)] for m in models]
        else:
            by_model = [m.trajectory(source, rate, every_s=every_s, clip=clip) for m in models]
    except SerVaeError as error:
        return [row | {"error": str(error).splitlines()[0]}]
    result = []
    for predictions in zip(*by_model, strict=True):
        probability = {
            emotion: float(np.mean([p.probabilities[emotion] for p in predictions]))
            for emotion in models[0].emotions
        }
        emotion, confidence = max(probability.items(), key=lambda pair: pair[1])
        row["emotion"] = emotion if confidence >= min_confidence else UNCERTAIN
        row |= {PROBABILITY + name: value for name, value in probability.items()}
        if isinstance(first := predictions[0], TimedPrediction):
            begin = clip[0] if clip else 0.0
            row |= {"start": begin, "end": begin + first.time_s}
        result.append({**row, "confidence": confidence, "error": ""})
    return result


def for_terminal(table: pd.DataFrame) -> Table:
    """Return the predictions as a table for a terminal: two decimals, and no empty columns."""
    columns = table.replace("", np.nan).dropna(axis="columns", how="all").astype(object).fillna("")
    result = Table(*(str(name).removeprefix(PROBABILITY) for name in columns))
    for row in columns.itertuples(index=False):
        result.add_row(*(f"{cell:.2f}" if isinstance(cell, float) else cell for cell in row))
    return result


def print_scores(inputs: Sequence[Input], rows: Sequence[Row], emotions: Sequence[str]) -> None:
    """Print scores to standard error from the true emotions of inputs, as far as they are known.

    `rows` has the last row of each input. The most probable emotion is scored, however uncertain.
    """
    names = {name.casefold(): name for name in emotions}
    truth = [each.truth or "" for each in inputs]
    labelled = [name for name in truth if name]
    frame = pd.DataFrame(rows).assign(
        utterance=[str(n) for n in range(len(inputs))],
        speaker=[each.speaker or UNKNOWN_SPEAKER for each in inputs],
        dialogue="",
        truth=[names.get(name.casefold()) for name in truth],
    )
    known = frame[frame["truth"].notna() & frame["error"].eq("")]
    console = Console(stderr=True, markup=False, highlight=False)
    console.print(f"scores of {len(known)} of {len(labelled)} recordings with a true emotion")
    if frame["truth"].isna().all():
        console.print(f"expected {', '.join(emotions)} as true emotions; one is {labelled[0]}")
    if known.empty:
        return
    most_probable = known.filter(regex=f"^{PROBABILITY}").idxmax(axis=1)
    predictions = known.assign(guess=most_probable.str.removeprefix(PROBABILITY))
    values = scores(predictions)
    ranges = [
        f"{interval[0]:.1%} to {interval[1]:.1%} over {groups}"
        for groups, interval in intervals(predictions).items()
        if interval
    ]
    console.print(
        f"WA {values['wa']:.1%}  UA {values['ua']:.1%}  macro-F1 {values['macro_f1']:.1%}"
    )
    console.print(f"95 % interval of UA: {', '.join(ranges) or 'unknown'}")
    confusion = pd.DataFrame(values["confusion"], list(emotions), list(emotions)).to_string()
    console.print(f"rows: true emotion, columns: predicted emotion\n{confusion}")


if __name__ == "__main__":
    sys.exit(main())
