"""RAVDESS: 24 actors who speak two statements in eight emotions; its songs are left out.

S. R. Livingstone, F. A. Russo, PLoS ONE 13(5): e0196391, 2018. Files are Actor_<nn>/<modality>-
<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>, WAV as released or FLAC. Every
actor speaks every emotion equally often (neutral half as often: it has no strong form), so that
the speaker does not give the emotion away.
"""

import re
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.labels import sort_into_classes
from ser_vae.corpus.root import existing_root, left_out, visible_files
from ser_vae.corpus.utterance import Corpus, Utterance

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgusted",
    "08": "surprised",
}
FOUR = ("01", "03", "04", "05")  # the paper's four
RELEASED = {code: 96 if code == "01" else 192 for code in EMOTIONS}  # utterances
NAME = re.compile(
    r"03-01"  # modality: audio only; channel: speech, not song
    r"-(?P<code>0[1-8])-0[12]-0(?P<statement>[12])-0[12]-(?P<actor>0[1-9]|1\d|2[0-4])"
)


def read(root: str | Path | None, classes: int) -> Corpus:
    """Read the folder that holds Actor_01 to Actor_24.

    Args:
        root: that folder.
        classes: 4, those of the paper, or 8, all: another corpus, by another name, for a score
            among eight is never beside one among four.

    Raises:
        SerVaeError: no root, another number of classes, or no file named as this corpus names them.
    """
    codes = codes_of(classes)
    folder = existing_root(root, "ravdess", "RAVDESS_ROOT")
    files = visible_files(folder, "Actor_*/*.wav") + visible_files(folder, "Actor_*/*.flac")
    parsed = {file: parse_name(file) for file in files}
    labelled = [utterance for utterance in parsed.values() if utterance]
    if not labelled:
        raise SerVaeError(
            f"{folder} is not RAVDESS: expected files such as Actor_01/03-01-05-02-02-01-01.wav.\n"
            "Give the folder that holds Actor_01 to Actor_24."
        )
    class_of = {code: EMOTIONS[code] for code in codes}
    utterances, others = sort_into_classes(labelled, class_of)
    return Corpus(
        name="ravdess" if codes == FOUR else "ravdess8",
        emotions=tuple(class_of.values()),
        utterances=utterances,
        others=others,
        expected=expected_counts(codes),
        oddities=left_out([file for file, utterance in parsed.items() if utterance is None]),
    )


def expected_counts(codes: tuple[str, ...]) -> dict[str, Any]:
    """What the complete release holds; its sample rate is not said, for copies are resampled."""
    return {
        "classes": {EMOTIONS[code]: {"complete": RELEASED[code]} for code in codes},
        "others": sum(RELEASED.values()) - sum(RELEASED[code] for code in codes),
        "hours": 1.48,
        "speakers": 24,
    }


def codes_of(classes: int) -> tuple[str, ...]:
    if classes not in (4, 8):
        raise SerVaeError(f"corpus.classes={classes}: expected 4 or 8, as RAVDESS is read.")
    return FOUR if classes == 4 else tuple(EMOTIONS)


def parse_name(file: Path) -> Utterance | None:
    """What the file's name says, or None where it is no name of this corpus."""
    match = NAME.fullmatch(file.stem)
    return match and Utterance(
        id=file.stem,
        path=file,
        emotion=match["code"],
        speaker=f"actor{match['actor']}",
        sex="M" if int(match["actor"]) % 2 else "F",
        script=f"statement {match['statement']}",
    )
