"""Speech of your own: a folder with one sub-folder an emotion, or a CSV (see `table`).

Classes are the emotions found, in alphabetical order.
"""

import re
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.labels import sort_into_classes
from ser_vae.corpus.root import existing_root, visible_files
from ser_vae.corpus.table import read_table
from ser_vae.corpus.utterance import Corpus, Utterance

# What soundfile reads.
AUDIO = (".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".w64", ".wav")
TAKEN = ("demo", "iemocap", "ravdess", "ravdess8", "urdu")
UNKNOWN_SPEAKER = "unknown"


def read(root: str | Path | None, csv: str | Path | None, name: str) -> Corpus:
    """Read a folder, or the recordings that a CSV lists.

    Args:
        root: holds a sub-folder an emotion, or the CSV.
        csv: relative to `root`, where both are given; None for sub-folders.
        name: the corpus's, one word: it stands in every run name, metrics file, table and plot.

    Raises:
        SerVaeError: a name that is no word or another corpus's, a line of the CSV that cannot be
            right, fewer than two emotions.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", str(name)) or name in TAKEN:
        taken = ", ".join(TAKEN)
        raise SerVaeError(
            f"corpus.name={name}: expected a word of letters, digits and _, other than {taken}"
        )
    if csv is None:
        source = existing_root(root, "folder", "FOLDER_ROOT")
        found, oddities = read_folders(source)
    else:
        source = (Path(root or "").expanduser() / Path(csv).expanduser()).absolute()
        found, oddities = read_table(source)
    emotions = sorted({utterance.emotion for utterance in found})
    if len(emotions) < 2:
        where = f"Give the folder above sub-folders that hold {', '.join(AUDIO)}."
        raise SerVaeError(
            f"{source}: expected two or more emotions, each a sub-folder with audio or a value in "
            f"corpus.csv; found {', '.join(emotions) or 'none'}.\n"
            f"{'See its column emotion.' if csv else where}"
        )
    utterances, _ = sort_into_classes(found, {emotion: emotion for emotion in emotions})
    return Corpus(name, tuple(emotions), utterances, oddities=oddities)


def read_folders(root: Path) -> tuple[list[Utterance], tuple[str, ...]]:
    """Every audio file below a sub-folder of `root`, whose name is the emotion.

    Nobody says who speaks: all have the speaker "unknown". A speaker a file would make splits by
    speaker run, and put the same voice on both sides.
    """
    files = visible_files(root, "**/*")
    audio = [file for file in files if file.suffix.lower() in AUDIO and file.parent != root]
    utterances = [
        Utterance(
            id=file.relative_to(root).as_posix(),
            path=file,
            emotion=file.relative_to(root).parts[0],
            speaker=UNKNOWN_SPEAKER,
        )
        for file in audio
    ]
    oddities = [
        "sub-folders do not say who speaks: nothing here can be split or normalised by speaker; "
        "a CSV with a speaker column can"
    ]
    if unread := sorted(set(files) - set(audio)):
        names = ", ".join(str(file.relative_to(root)) for file in unread)
        oddities.append(f"{len(unread)} files are not audio in a sub-folder, left out: {names}")
    return utterances, tuple(oddities)
