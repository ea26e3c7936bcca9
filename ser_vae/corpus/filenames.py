"""Read a corpus whose labels are in its file names, as an option in conf/corpus describes them.

A regular expression with named groups takes a path apart, and tables turn its codes into words;
conf/corpus/filenames.yaml describes each setting. The groups (and values) that mean something here
are emotion, speaker, sex (F, M), session, dialogue, script, language, style (improvised, scripted),
part (train, validation, test) and id (without such a group, the whole text that the expression
matches). Others, such as take or intensity, may be used in values.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.files import AUDIO, existing_root, walk
from ser_vae.corpus.labels import Classes, class_of_code, labels_of_classes, make_corpus
from ser_vae.corpus.table import CHOICES, FREE_TEXT
from ser_vae.corpus.utterance import (
    UNKNOWN_SPEAKER,
    Corpus,
    Utterance,
    expected_counts,
    list_warning,
    normalise_speaker,
)
from ser_vae.files import read_csv

# Warnings that count the files they are about.
NO_MATCH = "files do not follow the naming of this corpus and are ignored"
NO_ROW = "files have no row in corpus.labels and are ignored"
NO_FILE = "rows of corpus.labels have no file"
NO_LABEL = "files have a code that corpus.emotions does not list and are ignored"
SECOND_COPY = "files are duplicates of files in a folder higher up and are ignored"


def read(
    root: str | Path | None,
    *,
    name: str,
    example: str,
    pattern: str,
    emotions: Mapping[str, Sequence[str]],
    classes: Classes,
    tables: Mapping[str, Mapping[str, str]],
    values: Mapping[str, str],
    labels: Mapping[str, Any],
    complete: Mapping[str, Any],
) -> Corpus:
    """Read a folder by the names of its files; every audio file below it is looked at.

    With classes other than the default, the corpus gets another name, so that scores for different
    classes never appear side by side.

    Args:
        root: the folder, or one that holds it.
        name: of the corpus, one word.
        example: a path that the pattern matches, for errors.
        pattern: regular expression of the end of a path, without its suffix.
        emotions: label -> codes of the group `emotion`.
        classes: see `labels.Classes`.
        labels: CSVs with what the file names do not state, see `read_rows`.
        tables: group -> value -> regular expression of codes; other codes stay as they are.
        values: name of a value -> its text, with groups in braces; left out where a path lacks one.
        complete: `counts` (label -> utterances) and totals of a complete copy, see
            `utterance.expected_counts`; empty or None where unknown.

    Raises:
        SerVaeError: there is no root, none of its files has a name of this corpus, two files have
            the same id, or a class is not one of this corpus.
    """
    label_of = class_of_code(emotions, [code for codes in emotions.values() for code in codes])
    labels_of = labels_of_classes(classes, list(emotions))
    folder = existing_root(root, name)
    rows, used_rows = read_rows(folder, labels), set()
    ignored: dict[str, list[str]] = {NO_MATCH: [], NO_ROW: [], NO_LABEL: [], SECOND_COPY: []}
    depth: dict[str, int] = {}  # of the highest file of each id
    labelled = []
    audio = [file for file in walk(folder) if file.suffix.lower() in AUDIO]
    for file in sorted(audio, key=lambda file: len(file.parts)):
        path = file.relative_to(folder)
        groups = parse_path(path, pattern)
        if groups is None:
            ignored[NO_MATCH].append(file.name)
            continue
        key = labels["path"].format_map(groups)
        used_rows.add(key)
        if rows and key not in rows:
            ignored[NO_ROW].append(str(path))
            continue
        text = translate(groups | rows.get(key, {}), tables, values)
        if text.get("emotion") not in label_of:
            ignored[NO_LABEL].append(f"{file.name} ({text.get('emotion')})")
        elif len(path.parts) > depth.setdefault(text["id"], len(path.parts)):
            ignored[SECOND_COPY].append(str(path))
        else:
            labelled.append(describe(file, text, label_of))
    ignored[NO_FILE] = list(rows.keys() - used_rows)
    warnings = [w for what, files in ignored.items() for w in list_warning(what, files)]
    if not labelled:
        reasons = "; ".join(warning.partition("\n")[0] for warning in warnings)
        raise SerVaeError(
            f"{folder} is not {name.upper()}: expected files such as {example}.\n"
            f"{reasons or 'Give the folder that holds them'}."
        )
    counts = {label: {"complete": count} for label, count in complete["counts"].items()}
    totals = {key: value for key, value in complete.items() if value and key != "counts"}
    expected = expected_counts(counts, labels_of, **totals)
    if counts.keys() != emotions.keys():
        del expected["others"]
    return make_corpus(
        name if classes == "four" else f"{name}{len(labels_of)}",
        labels_of,
        labelled,
        expected=expected,
        warnings=tuple(warnings),
    )


def read_rows(folder: Path, labels: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Read the rows of CSVs in UTF-8; the key of a row is a text that identifies its file.

    Args:
        folder: the corpus.
        labels: `files`: name -> path of a CSV in the folder; `row`: the text of a row, with columns
            and `file`, the name of its CSV, in braces; `path`: the same text made of the groups of
            a file's path.

    Raises:
        SerVaeError: there is no such CSV, or it lacks a column.
    """
    rows = {}
    columns = {column for column in re.findall(r"{(\w+)}", labels["row"]) if column != "file"}
    for name, path in labels["files"].items():
        try:
            for _, row in read_csv(folder / path, columns):
                rows[labels["row"].format_map(row | {"file": name})] = row
        except SerVaeError as error:
            hint = f"See corpus.labels; corpus.labels.files.{name} is its path in corpus.root."
            raise SerVaeError(f"{error}\n{hint}") from error
    return rows


def parse_path(path: Path, pattern: str) -> dict[str, str] | None:
    """Return group -> text for a path; None if the path does not match."""
    named = pattern if "(?P<id>" in pattern else f"(?P<id>{pattern})"
    match = re.fullmatch(f"(?:.*/)?{named}", path.with_suffix("").as_posix())
    if match is None:
        return None
    return {name: text for name, text in match.groupdict().items() if text is not None}


def translate(
    groups: Mapping[str, str], tables: Mapping[str, Mapping[str, str]], values: Mapping[str, str]
) -> dict[str, str]:
    """Replace the codes of groups by the values of the tables, and add the values made of them."""
    words = dict(groups)
    for name in groups.keys() & tables.keys():
        matches = (
            word for word, codes in tables[name].items() if re.fullmatch(codes, groups[name])
        )
        words[name] = next(matches, groups[name])
    return words | {
        name: text.format_map(words)
        for name, text in values.items()
        if set(re.findall(r"{(\w+)}", text)) <= words.keys()
    }


def describe(file: Path, text: Mapping[str, str], label_of: Mapping[str, str]) -> Utterance:
    """Return the utterance of a file, from the groups of its path (`text`)."""
    stated: dict[str, Any] = {name: text.get(name) or None for name in (*FREE_TEXT, "language")}
    for column, choices in CHOICES.items():
        name = "part" if column == "split" else column
        stated[name] = choices.get(text.get(name, "").casefold())
    return Utterance(
        id=text["id"],
        path=file,
        emotion=label_of[text["emotion"]],
        speaker=normalise_speaker(text.get("speaker", UNKNOWN_SPEAKER)),
        **stated,
    )
