"""The user's own speech: a folder whose sub-folders are the emotions, or a CSV (see `table`).

The classes are by default the emotions that occur, in alphabetical order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.files import AUDIO, existing_root, walk
from ser_vae.corpus.labels import Classes, check_spellings, labels_of_classes, make_corpus
from ser_vae.corpus.table import CHOICES, FREE_TEXT, parse_cells, read_table
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER, Corpus, Utterance, list_warning

OTHER_AUDIO = (".aac", ".m4a", ".mp4", ".wma", ".webm", ".amr", ".3gp", ".sph")
LEVELS = ("emotion", "speaker", "split", *FREE_TEXT, "other")  # what a level of folders can mean
# Warnings; those about files count them.
NO_SPEAKERS = (
    "sub-folders do not name the speaker, so nothing can be split or normalised by speaker; use a "
    "CSV with a speaker column or corpus.folders=emotion/speaker for that"
)
LINK = "broken links are ignored"
OTHER_FORMAT = f"files are ignored, as their format is not one of {', '.join(AUDIO)}; convert them"
OTHER_FILE = "files are not audio in a sub-folder and are ignored"
# Names of folders that are probably not emotions.
SETS = {*CHOICES["split"], "eval"}
NUMBERED = re.compile(r"(actor|speaker|spk|subject|session|ses|fold|part|[fmps])[ _-]?\d+", re.I)


def read(
    root: str | Path | None,
    csv: str | Path | None,
    name: str,
    folders: str | None = None,
    classes: Classes = "all",
) -> Corpus:
    """Read a folder, or the recordings that a CSV lists.

    Args:
        root: holds the sub-folders, or the CSV.
        csv: relative to `root` if both are given; None for sub-folders.
        name: of the corpus, one word; appears in every run name, metrics file, table and plot.
        folders: the meaning of each level of sub-folders, such as "split/emotion"; see LEVELS. None
            for emotions at the first level, unless their names suggest something else.
        classes: see `labels.Classes`.

    Raises:
        SerVaeError: a line of the CSV is invalid, there are fewer than two emotions, the
            sub-folders are probably not emotions, or a label or speaker is spelled in two ways.
    """
    if csv:
        source = (Path(root or "").expanduser() / Path(csv).expanduser()).absolute()
        labelled, warnings = read_table(source)
    else:
        source = existing_root(root, "folder")
        labelled, warnings = read_folders(source, folders)
    emotions = sorted({utterance.emotion for utterance in labelled})
    if len(emotions) < 2:
        raise SerVaeError(
            f"{source}: expected two or more emotions, each a sub-folder with files in "
            f"{', '.join(AUDIO)}, or a value in the column emotion of corpus.csv; found "
            f"{', '.join(emotions) or 'none'}."
        )
    check_spellings("emotion", (utterance.emotion for utterance in labelled))
    check_spellings("speaker", (utterance.speaker for utterance in labelled))
    return make_corpus(name, labels_of_classes(classes, emotions), labelled, warnings=warnings)


def read_folders(root: Path, folders: str | None) -> tuple[list[Utterance], tuple[str, ...]]:
    """Read every audio file below a sub-folder of `root`, and list what is ignored.

    Speakers are unknown unless a level of folders names them. If each file counted as a speaker, a
    split by speaker would run, but put one voice into several sets.
    """
    levels = parse_levels(folders)
    audio: list[Path] = []
    ignored: dict[str, list[str]] = {LINK: [], OTHER_FORMAT: [], OTHER_FILE: []}
    for file in walk(root):
        path = file.relative_to(root)
        suffix = path.suffix.lower()
        if suffix in AUDIO and len(path.parts) > len(levels):
            audio.append(path)
        elif not file.exists():
            ignored[LINK].append(str(path))
        else:
            ignored[OTHER_FORMAT if suffix in OTHER_AUDIO else OTHER_FILE].append(str(path))
    if folders is None:
        check_emotions(root, audio)
    utterances = []
    for path in audio:
        cells = {"path": str(path), "speaker": UNKNOWN_SPEAKER}
        cells |= zip(levels, path.parts, strict=False)
        utterances.append(parse_cells(cells, str(root / path), root / path))
    warnings = [w for what, paths in ignored.items() for w in list_warning(what, paths)]
    return utterances, (*(() if "speaker" in levels else (NO_SPEAKERS,)), *warnings)


def parse_levels(folders: str | None) -> list[str]:
    """Return the meaning of each level of sub-folders, from the top.

    Raises:
        SerVaeError: a level is unknown or repeated, or none is the emotion.
    """
    levels = (folders or "emotion").split("/")
    repeated = [name for name, count in Counter(levels).items() if count > 1 and name != "other"]
    if "emotion" not in levels or repeated or not set(levels) <= set(LEVELS):
        raise SerVaeError(
            f"corpus.folders={folders}: expected emotion and perhaps other levels of sub-folders "
            f"from the top, such as split/emotion; they are {', '.join(LEVELS)}."
        )
    return levels


def check_emotions(root: Path, paths: Sequence[Path]) -> None:
    """Raise if the first level of sub-folders is probably something other than emotions.

    This is assumed if several of its folders have the same sub-folders, as in train/angry and
    test/angry, or if its names are those of sets or of numbered speakers.

    Raises:
        SerVaeError: the folders are ambiguous; the message lists them and how to name the levels.
    """
    emotions = sorted({path.parts[0] for path in paths})
    second = Counter(name for _, name in {p.parts[:2] for p in paths if len(p.parts) > 2})
    repeated = sorted(name for name, parents in second.items() if parents > 1)
    numbered = emotions and all(map(NUMBERED.fullmatch, emotions))
    if len(repeated) < 2 and not numbered and not SETS & {name.casefold() for name in emotions}:
        return
    inside = f", although {', '.join(repeated[:3])} occur in several of them" if repeated else ""
    raise SerVaeError(
        f"{root}: the sub-folders {', '.join(emotions[:5])} would be the emotions{inside}.\n"
        "Give the meaning of each level: corpus.folders=split/emotion, speaker/emotion or "
        "emotion/speaker, say; corpus.folders=emotion if they are the emotions."
    )
