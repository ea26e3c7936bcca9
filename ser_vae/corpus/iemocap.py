"""IEMOCAP: ten actors, two a session, in improvised and scripted dialogues.

C. Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language
Resources and Evaluation 42(4), 2008. The part of the release's tree that is read:

    Session{1..5}/dialog/EmoEvaluation/<dialogue>.txt             labels
    Session{1..5}/sentences/wav/<dialogue>/<utterance>.wav        16 kHz, mono

An utterance is named Ses<NN><W>_<scene>_<S><nnn>. W is the actor who wears the markers, S the actor
who speaks. So the speaker is session + S; the prefix Ses<NN><W> names the other actor in half of
the utterances.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from yaml import safe_load  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.corpus.files import existing_root, walk
from ser_vae.corpus.labels import class_of_code, make_corpus
from ser_vae.corpus.utterance import Corpus, Utterance, expected_counts, list_warning

RELEASE = safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
RELEASED, DIALOGUES = RELEASE["utterances"], frozenset(RELEASE["dialogues"])
SESSIONS = (1, 2, 3, 4, 5)
LABELS, WAVS = Path("dialog", "EmoEvaluation"), Path("sentences", "wav")  # in a session's folder

# A letter after the scene marks a second recording of the same words (Ses05M_script01_1b) or a part
# of the scene (Ses03M_impro05a). The scene, which a split by script keeps together, excludes it.
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
        root: the release, whatever its folder is called, or the folder that holds it.
        emotions: class -> label codes, in the order of the classes.

    Raises:
        SerVaeError: no root, not a release, or a label file with an invalid line.
    """
    folder = existing_root(root, "iemocap")
    corpus = read_tree("iemocap", folder, emotions)
    missing = DIALOGUES.difference(u.dialogue for u in (*corpus.utterances, *corpus.others))
    warning = list_warning(f"of {len(DIALOGUES)} dialogues are missing", missing)
    totals = {"speakers": 10, "hours": RELEASE["hours"], "sample_rate_hz": 16_000, "channels": 1}
    expected = expected_counts(RELEASED, emotions, **totals)
    return replace(corpus, expected=expected, warnings=(*corpus.warnings, *warning))


def read_tree(
    name: str, root: Path, emotions: Mapping[str, Sequence[str]], *, synthetic: bool = False
) -> Corpus:
    """Read a corpus in a tree with the structure of IEMOCAP.

    An utterance without audio is left out. A warning names it, and whatever else is missing or
    misplaced.

    Raises:
        SerVaeError: no sessions in `root`, an invalid label line or code, no audio at all.
    """
    class_of_code(emotions, RELEASED)  # raises if there is no such code
    release = find_release(root)
    labelled: list[Utterance] = []
    wavs: dict[Path, Path] = {}  # by its path with the suffix in lower case
    misplaced, missing = [], []
    for number in SESSIONS:
        session = release / f"Session{number}"
        label_folder, wav_folder = session / LABELS, session / WAVS
        if not label_folder.is_dir():
            missing.append(session.name)
            continue
        for file in walk(label_folder):
            # Only files of the folder itself: its sub-folders hold the votes of single evaluators.
            if file.suffix.lower() != ".txt" or file.parent != label_folder:
                continue
            dialogue = DIALOGUE.fullmatch(file.stem)
            if dialogue and dialogue["session"] == f"Ses0{number}":
                labelled += read_labels(file, dialogue, wav_folder)
            else:
                misplaced.append(str(file))
        files = walk(wav_folder) if wav_folder.is_dir() else ()
        wavs |= {file.with_suffix(".wav"): file for file in files if file.suffix.lower() == ".wav"}
    paired = [replace(each, path=wavs[each.path]) for each in labelled if each.path in wavs]
    if not paired:
        raise SerVaeError(
            f"{release}: expected wav files in Session*/sentences/wav, found none.\n"
            "Unpack the whole release: its labels are here, its audio is not."
        )
    labels = {utterance.path for utterance in labelled}
    warnings = (
        *list_warning(f"of {len(SESSIONS)} sessions have no labels", missing),
        *list_warning("label files are not of a dialogue of their session", misplaced),
        *list_warning("utterances have no wav file", [path.stem for path in labels - wavs.keys()]),
        *list_warning("wav files have no label", [path.stem for path in wavs.keys() - labels]),
    )
    return make_corpus(name, emotions, paired, synthetic=synthetic, warnings=warnings)


def find_release(root: Path) -> Path:
    """Return `root` or the one folder in it that holds sessions, whatever its name.

    Raises:
        SerVaeError: there is no release in the folder, or more than one.
    """
    labels = f"Session[1-5]/{LABELS}"
    folders = [*root.glob(labels)] or [*root.glob(f"*/{labels}")]
    releases = sorted({folder.parents[2] for folder in folders})
    if len(releases) != 1:
        names = ", ".join(folder.name for folder in releases) or "none"
        raise SerVaeError(
            f"{root} is not IEMOCAP: expected Session1/dialog/EmoEvaluation in it, or in one of "
            f"its folders (found in: {names}).\nGive the folder that holds Session1 to Session5."
        )
    return releases[0]


def read_labels(file: Path, dialogue: re.Match[str], wav_folder: Path) -> Iterator[Utterance]:
    """Yield an utterance for each line with a majority label, in order; `emotion` is the code.

    The file is read as Latin-1, which decodes any byte: evaluators' comments may be in any
    encoding, labels are ASCII.

    Raises:
        SerVaeError: a line is not a label of this dialogue, has an unknown code, or is the second
            label of an utterance.
    """
    session, scene, seen = dialogue["session"], dialogue["scene"], set[str]()
    with file.open(encoding="latin-1") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.startswith("["):
                continue
            match = LABEL.fullmatch(line)
            if match is None or match["dialogue"] != file.stem or match["code"] not in RELEASED:
                raise SerVaeError(
                    f"{file}, line {number}: expected '[start - end]<TAB>{file.stem}_<F or M><nnn>"
                    f"<TAB>code<TAB>[V, A, D]' with one of the codes {', '.join(RELEASED)}, found "
                    f"{line.rstrip()!r}"
                )
            name = f"{file.stem}_{match['sex']}{match['turn']}"
            if name in seen:
                raise SerVaeError(f"{file}, line {number}: {name} has a label already")
            seen.add(name)
            yield Utterance(
                id=name,
                path=wav_folder / file.stem / f"{name}.wav",
                emotion=match["code"],
                speaker=session + match["sex"],
                sex="F" if match["sex"] == "F" else "M",
                session=session,
                dialogue=file.stem,
                style="improvised" if scene.startswith("impro") else "scripted",
                script=scene,
                start_s=float(match["start"]),
                end_s=float(match["end"]),
            )
