"""IEMOCAP: ten actors, two a session, in improvised and scripted dialogues.

C. Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language
Resources and Evaluation 42(4), 2008. The release's tree, as far as it is read here:

    Session{1..5}/dialog/EmoEvaluation/<dialogue>.txt             labels
    Session{1..5}/sentences/wav/<dialogue>/<utterance>.wav        16 kHz, mono

An utterance is named Ses<NN><W>_<scene>_<S><nnn>. W is the actor who wears the markers; S is the
actor who speaks. The speaker is therefore session + S: the prefix Ses<NN><W> is somebody else in
half of the utterances.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.iemocap_release import CODES, expected_counts, missing_dialogues
from ser_vae.corpus.labels import class_of_code, sort_into_classes
from ser_vae.corpus.root import existing_root, is_hidden, visible_files
from ser_vae.corpus.utterance import Corpus, Utterance

SESSIONS = (1, 2, 3, 4, 5)

# The letter after a scene tells a second recording of the same words (Ses05M_script01_1b) or a
# part of the scene (Ses03M_impro05a): the scene, which a split by script keeps together, is the
# name without it.
DIALOGUE = re.compile(r"(?P<session>Ses0[1-5])[FM]_(?P<scene>impro\d{2}|script\d{2}_\d)[ab]?")
LABEL = re.compile(
    r"\[(?P<start>\d+\.\d+) - (?P<end>\d+\.\d+)\]"
    r"\t(?P<dialogue>\w+)_(?P<sex>[FM])(?P<turn>\d{3})"
    r"\t(?P<code>\w+)"
    r"\t\[[^\]]*\]\s*"  # means of valence, activation and dominance
)


def read(root: str | Path | None, emotions: Mapping[str, Sequence[str]]) -> Corpus:
    """Read the licensed release.

    Args:
        root: the release, under whatever name, or the folder that holds it.
        emotions: class -> label codes; its order is the order of the classes.

    Raises:
        SerVaeError: no root, not a release, a label file that cannot be read as one.
    """
    utterances, others, oddities = read_tree(
        existing_root(root, "iemocap", "IEMOCAP_ROOT"), emotions
    )
    missing = missing_dialogues(u.dialogue for u in (*utterances, *others))
    return Corpus(
        name="iemocap",
        emotions=tuple(emotions),
        utterances=utterances,
        others=others,
        expected=expected_counts(emotions),
        oddities=(*oddities, *missing),
    )


def read_tree(
    root: Path, emotions: Mapping[str, Sequence[str]]
) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...], tuple[str, ...]]:
    """Read a tree of IEMOCAP's form: the utterances of the classes, the others, the oddities.

    An utterance without its audio is left out and named among the oddities, as is whatever else
    is missing or in a wrong place.

    Raises:
        SerVaeError: no sessions at `root`, a label line or code that cannot be, no audio at all.
    """
    class_of = class_of_code(emotions, CODES)
    release = find_release(root)
    labelled: list[Utterance] = []
    oddities: list[str] = []
    for number in SESSIONS:
        utterances, odd = read_session(release / f"Session{number}", f"Ses0{number}")
        labelled += utterances
        oddities += odd
    if not labelled:
        raise SerVaeError(
            f"{release}: expected wav files in Session*/sentences/wav, found none.\n"
            "Unpack the whole release: its labels are here, its audio is not."
        )
    return *sort_into_classes(labelled, class_of), tuple(oddities)


def find_release(root: Path) -> Path:
    """`root` or the one folder in it that holds sessions; the names of folders mean nothing."""
    if holds_sessions(root):
        return root
    inside = [folder for folder in sorted(root.iterdir()) if holds_sessions(folder)]
    if len(inside) != 1:
        found = ", ".join(folder.name for folder in inside) or "none"
        raise SerVaeError(
            f"{root} is not IEMOCAP: expected Session1/dialog/EmoEvaluation in it, or in one of "
            f"its folders (found in: {found}).\nGive the folder that holds Session1 to Session5."
        )
    return inside[0]


def holds_sessions(folder: Path) -> bool:
    return any((folder / f"Session{n}" / "dialog" / "EmoEvaluation").is_dir() for n in SESSIONS)


def read_session(folder: Path, session: str) -> tuple[list[Utterance], list[str]]:
    """The utterances of a session that have both label and audio, and the oddities."""
    label_folder, wav_folder = folder / "dialog" / "EmoEvaluation", folder / "sentences" / "wav"
    if not label_folder.is_dir():
        return [], [f"{folder.name} is missing: no folder {label_folder}"]
    # Only the folder's own files: its sub-folders hold single evaluators' votes.
    files = visible_files(label_folder, "*.txt")
    dialogues = [file for file in files if is_dialogue_of(session, file.stem)]
    labelled = [label for file in dialogues for label in read_labels(file, wav_folder)]
    stray = [f"{file} is not a dialogue of {session}" for file in files if file not in dialogues]
    utterances, unpaired = pair_with_audio(labelled, wav_folder)
    return utterances, stray + unpaired


def is_dialogue_of(session: str, name: str) -> bool:
    match = DIALOGUE.fullmatch(name)
    return match is not None and match["session"] == session


def read_labels(file: Path, wav_folder: Path) -> Iterator[Utterance]:
    """The lines of majority labels, in the order of the file; `emotion` is the code.

    Read as Latin-1, in which every byte is a character: evaluators' comments are of any encoding,
    labels are ASCII.
    """
    seen = set()
    with file.open(encoding="latin-1") as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith("["):
                utterance = parse_label(line, f"{file}, line {number}", file.stem, wav_folder)
                if utterance.id in seen:
                    raise SerVaeError(f"{file}, line {number}: {utterance.id} has a label already")
                seen.add(utterance.id)
                yield utterance


def parse_label(line: str, where: str, dialogue: str, wav_folder: Path) -> Utterance:
    match, names = LABEL.fullmatch(line), DIALOGUE.fullmatch(dialogue)
    if match is None or match["dialogue"] != dialogue or names is None:
        raise SerVaeError(
            f"{where}: expected '[start - end]<TAB>{dialogue}_<F or M><nnn><TAB>code<TAB>"
            f"[V, A, D]', found {line.rstrip()!r}"
        )
    if match["code"] not in CODES:
        known = ", ".join(CODES)
        raise SerVaeError(f"{where}: emotion code {match['code']!r} is none of {known}")
    name = f"{dialogue}_{match['sex']}{match['turn']}"
    return Utterance(
        id=name,
        path=wav_folder / dialogue / f"{name}.wav",
        emotion=match["code"],
        speaker=names["session"] + match["sex"],
        sex="F" if match["sex"] == "F" else "M",
        session=names["session"],
        dialogue=dialogue,
        style="improvised" if names["scene"].startswith("impro") else "scripted",
        script=names["scene"],
        start_s=float(match["start"]),
        end_s=float(match["end"]),
    )


def pair_with_audio(
    labelled: Collection[Utterance], wav_folder: Path
) -> tuple[list[Utterance], list[str]]:
    """The labelled utterances that have a wav file, and those of either kind without the other."""
    wavs = {path for path in wav_folder.glob("*/*.wav") if not is_hidden(path)}
    labels = {utterance.path for utterance in labelled}
    oddities = by_dialogue(labels - wavs, "without wav file")
    oddities += by_dialogue(wavs - labels, "without label")
    return [utterance for utterance in labelled if utterance.path in wavs], oddities


def by_dialogue(wavs: Collection[Path], what: str) -> list[str]:
    """A sentence a dialogue that counts and names `wavs`."""
    sentences = []
    for dialogue, paths in groupby(sorted(wavs), key=lambda wav: wav.parent.name):
        names = [path.stem for path in paths]
        sentences.append(f"{dialogue}: {len(names)} {what}: {', '.join(names)}")
    return sentences
