"""Check whether a corpus can be used: `python -m ser_vae.check corpus=iemocap`.

Decodes every file, and reports whether the corpus is complete and audible, whether it can be split
as configured, and whether something other than the speech, such as the level, reveals the labels.
The exit status is 0 if the corpus can be used, possibly with warnings; 1 if it cannot; 2 if the
command line is invalid.
"""

import argparse
import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.metrics import balanced_accuracy_score

from ser_vae import SerVaeError
from ser_vae.compose import OverrideError
from ser_vae.corpus.utterance import SYNTHETIC, Corpus, corpus_warnings, is_unknown, list_warning
from ser_vae.data.audit import is_confounded
from ser_vae.data.subset import select
from ser_vae.features.audio import inspect
from ser_vae.run import configure
from ser_vae.settings import Settings, build, validate
from ser_vae.split import check_fold
from ser_vae.terminal import stderr, track

PIPE_WIDTH = 160  # characters of a table where the output is not a terminal
MAX_PEAK = 2.0  # times full scale; decoded MP3 slightly exceeds 1
LEVEL_GAP_DB = 10.0  # between classes; RAVDESS and URDU have up to 8
SEPARATED = 0.95  # balanced accuracy of a threshold
TOLERANCE = 0.011  # hours are published with two decimals; other counts differ by at least one


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ser_vae.check", description=__doc__)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as for ser_vae.run")
    parser.add_argument(
        "--config-dir", "-cd", help="folder of your own options, as for ser_vae.run"
    )
    options = parser.parse_intermixed_args(arguments)
    try:
        settings = validate(configure(*options.overrides, config_dir=options.config_dir))
        stderr().quiet = not settings.progress
        corpus = build(settings.corpus)
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, OverrideError) else 1
    files = inspect_files(corpus, settings.jobs or os.cpu_count() or 1)
    if settings.data.remainder == "drop":
        short = files.problem.isna() & (files.duration_s < settings.data.segment_s)
        files.loc[short, "problem"] = f"shorter than a segment of {settings.data.segment_s:g} s"
    fault = find_fault(corpus, files, settings)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    show(corpus, files, fault, Console(markup=False, highlight=False, width=width))
    return 1 if fault else 0


def inspect_files(corpus: Corpus, jobs: int) -> pd.DataFrame:
    """Decode every file, in `jobs` threads; return one row per utterance, whatever its label.

    Columns: those of `Utterance` and `features.audio.Inspection`, label (`emotion` is None if it is
    not one of the classes), subset (the style, "complete" if the corpus has none) and suffix (of
    the file).
    """
    utterances = [*corpus.utterances, *corpus.others]
    with ThreadPoolExecutor(jobs) as pool:
        inspections = pool.map(lambda u: inspect(u.path, u.clip), utterances)
        progress = track(inspections, f"Reading {corpus.name}", len(utterances))
        files = pd.DataFrame([vars(u) | vars(i) for u, i in zip(utterances, progress, strict=True)])
    return files.assign(
        label=files.emotion,
        emotion=[u.emotion for u in corpus.utterances] + [None] * len(corpus.others),
        subset=files["style"].fillna("complete"),
        sex=files.sex.fillna(""),
        suffix=[utterance.path.suffix.lower() for utterance in utterances],
    )


def find_fault(corpus: Corpus, files: pd.DataFrame, settings: Settings) -> str:
    """Return why the usable utterances of the subset cannot be split as configured, or ""."""
    usable_ids = set(files.id[files.problem.isna()])
    usable = tuple(utterance for utterance in corpus.utterances if utterance.id in usable_ids)
    try:
        utterances = select(replace(corpus, utterances=usable), settings.data.style)
        for fold in build(settings.split, utterances, seed=settings.seed):
            check_fold(fold, utterances, settings.choice.split)
    except SerVaeError as error:
        return str(error)
    return ""


def find_warnings(corpus: Corpus, files: pd.DataFrame) -> list[str]:
    """Return what looks wrong in a corpus, although it can be used."""
    warnings = [
        f"{name}: {format_count(count, expected)} in a complete copy"
        for name, (count, expected) in total_counts(corpus, files).items()
        if abs(count - expected) > TOLERANCE  # False where `expected` is NaN
    ]
    rate, channels = (corpus.expected.get(name) for name in ("sample_rate_hz", "channels"))
    for audio_format, count in audio_formats(files).items():
        if rate and channels and audio_format != (rate, channels):
            warnings.append(
                f"{count:,} files have {audio_format[0]:,} Hz and {audio_format[1]} channels; "
                f"a complete copy has {rate:,} Hz and {channels}"
            )
    if problems := files.problem.notna().sum():
        warnings.append(f"{problems:,} of {len(files):,} files cannot be used")
    usable = files[files.problem.isna()]
    return [
        *corpus_warnings(corpus),
        *warnings,
        *find_duplicates(usable),
        *find_shortcuts(usable[usable.emotion.notna()]),
        *find_confounded_speakers(usable[usable.emotion.notna()]),
    ]


def find_duplicates(files: pd.DataFrame) -> list[str]:
    """Return warnings about files with equal samples, and about those with different labels."""
    copies = files[files.duplicated("samples_digest", keep=False)]
    named = (copies.id + " (" + copies.label + ")").groupby(copies.samples_digest).agg(" = ".join)
    differ = copies.groupby("samples_digest").label.nunique() > 1
    return [
        *list_warning("recordings exist more than once", named[~differ]),
        *list_warning("recordings exist more than once, with different labels", named[differ]),
    ]


def find_shortcuts(files: pd.DataFrame) -> list[str]:
    """Return warnings about properties of the recordings, not the speech, that reveal the class.

    A sample rate, number of channels or file type reveals it if the sum over its values v of the
    maximum over classes k of P(v | k) is at least 1.5. This sum is 1 if the property is independent
    of the class, and 2 if it separates two groups of classes perfectly. A level reveals the class
    if the medians of neighbouring classes are LEVEL_GAP_DB apart and a threshold in between
    separates the files on either side with a balanced accuracy of SEPARATED.
    """
    warnings = []
    for column, what in {
        "sample_rate_hz": "sample rate (Hz)",
        "channels": "number of channels",
        "suffix": "file type",
    }.items():
        proportion = pd.crosstab(files[column], files.emotion, normalize="columns")
        usual = proportion.idxmax()
        if proportion.max(axis=1).sum() >= 1.5 and usual.nunique() > 1:
            values = ", ".join(f"{emotion} {value}" for emotion, value in usual.items())
            warnings.append(
                f"the {what} reveals the class: mostly {values}; convert all files to one {what}"
            )
    medians = files.groupby("emotion").level_db.median().sort_values()
    for (_, low), (_, high) in pairwise(medians.items()):
        above = files.emotion.isin(medians.index[medians >= high])
        loud = files.level_db > (low + high) / 2
        if high - low >= LEVEL_GAP_DB and balanced_accuracy_score(above, loud) >= SEPARATED:
            louder = ", ".join(medians.index[medians >= high])
            warnings.append(
                f"the level reveals the class: {louder} {high - low:.0f} dB above the others; "
                "normalise the level of all files"
            )
    unscaled = files[files.peak > MAX_PEAK]
    what = (
        f"files exceed full scale, up to {files.peak.max():,.0f}: divide unscaled floats by 32,768"
    )
    return [*warnings, *list_warning(what, list(unscaled.id))]


def find_confounded_speakers(files: pd.DataFrame) -> list[str]:
    """Return a warning if the speaker reveals the class.

    The most frequent class of a speaker's other files is the guess; see `is_confounded`.
    """
    classes = files.emotion.nunique()
    if classes < 2 or files.speaker.map(is_unknown).any():
        return []
    table = pd.crosstab(files.speaker, files.emotion)
    others = table.loc[files.speaker].to_numpy() - pd.get_dummies(files.emotion).to_numpy()
    ua = balanced_accuracy_score(files.emotion, table.columns[others.argmax(axis=1)])
    if not is_confounded(ua, classes):
        return []
    return [
        f"the speaker reveals the class: that of the speaker's other files scores ua {ua:.0%}; a "
        "model can learn voices instead of emotions"
    ]


def show(corpus: Corpus, files: pd.DataFrame, fault: str, console: Console) -> None:
    """Print tables first, then what is wrong, and the verdict at the very end."""
    if corpus.synthetic:
        console.print(f"{corpus.name}: {SYNTHETIC}")
    console.print(class_table(corpus, files))
    console.print(speaker_table(corpus, files))
    for name, (count, expected) in total_counts(corpus, files).items():
        console.print(f"{name}: {format_count(count, expected)}")
    if left_out := Counter(utterance.emotion for utterance in corpus.others):
        labels = ", ".join(f"{label} {count:,}" for label, count in left_out.most_common())
        console.print(f"labels in no class, left out: {labels}", soft_wrap=True)
    for (rate_hz, channels), count in audio_formats(files).items():
        console.print(f"{count:,} files: {rate_hz:,} Hz, channels: {channels}")
    by_duration = files[files.sample_rate_hz > 0].sort_values(["duration_s", "id"])
    for name, index in {"shortest": 0, "median": len(by_duration) // 2, "longest": -1}.items():
        if len(by_duration):
            file = by_duration.iloc[index]
            console.print(f"{name}: {file.duration_s:.3f} s, {file.id}")
    for file in files[files.problem.notna()].itertuples():
        console.print(f"{file.path}: {file.problem}", style="yellow", soft_wrap=True)
    warnings = find_warnings(corpus, files)
    for warning in warnings:
        console.print(f"warning: {warning}", style="yellow", soft_wrap=True)
    if fault:
        console.print(f"fault: {fault}", style="red", soft_wrap=True)
    verdict = "cannot be used" if fault else "can be used"
    console.print(f"{corpus.name} {verdict}; warnings: {len(warnings)}")


def class_table(corpus: Corpus, files: pd.DataFrame) -> Table:
    """Count utterances by emotion and style, beside the counts of a complete copy if known."""
    counts = pd.crosstab(files.emotion, files.subset)
    expected = pd.DataFrame(corpus.expected.get("classes", {})).T
    styles = counts.columns.union(expected.columns)
    counts = counts.reindex(corpus.emotions, columns=styles, fill_value=0)
    expected = expected.reindex(corpus.emotions, columns=styles)
    hours = files[files.emotion.notna()].groupby("subset").duration_s.sum() / 3600
    if len(styles) > 1:
        counts["complete"] = counts.sum(axis=1)
        expected["complete"] = expected.sum(axis=1, skipna=False)
        hours["complete"] = hours.sum()
    counts.loc["all"], expected.loc["all"] = counts.sum(), expected.sum(skipna=False)
    cells = {style: [*map(format_count, counts[style], expected[style])] for style in counts}
    texts = pd.DataFrame(cells, index=counts.index)
    texts.loc["hours"] = [f"{hours.get(style, 0):,.2f}" for style in counts]
    return to_table(f"{corpus.name}: utterances", texts)


def speaker_table(corpus: Corpus, files: pd.DataFrame) -> Table:
    counts = pd.crosstab([files.speaker, files.sex], files.emotion)
    counts = counts.reindex(columns=corpus.emotions, fill_value=0)
    counts["all"] = counts.sum(axis=1)
    return to_table("utterances by speaker", counts.map("{:,}".format))


def to_table(title: str, texts: pd.DataFrame) -> Table:
    """Return a table of texts, whose first columns are the levels of the index."""
    table = Table(*texts.index.names, title=title, title_justify="left")
    for column in texts:
        table.add_column(column, justify="right")
    for names, cells in zip(texts.index.to_frame().to_numpy(), texts.to_numpy(), strict=True):
        table.add_row(*names, *cells)
    return table


def total_counts(corpus: Corpus, files: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return counts over all labels, each beside that of a complete copy, NaN if unknown."""
    counts = {
        "other labels": (len(corpus.others), "others"),
        "speakers": (files.speaker.nunique(), "speakers"),
        "hours": (float(files.duration_s.sum()) / 3600, "hours"),
    }
    expected = corpus.expected
    return {name: (n, expected.get(key, math.nan)) for name, (n, key) in counts.items()}


def audio_formats(files: pd.DataFrame) -> dict[tuple[int, int], int]:
    """Count the files by sample rate (Hz) and channels."""
    decoded = files[files.sample_rate_hz > 0]
    return decoded.groupby(["sample_rate_hz", "channels"]).size().to_dict()


def format_count(count: float, expected: float) -> str:
    digits = 2 if isinstance(count, float) else 0
    return " of ".join(f"{n:,.{digits}f}" for n in (count, expected) if not math.isnan(n))


if __name__ == "__main__":
    sys.exit(main())
