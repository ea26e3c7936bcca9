"""RAVDESS: 24 actors speak two statements in eight emotions; the songs are ignored.

S. R. Livingstone, F. A. Russo, PLoS ONE 13(5): e0196391, 2018. Files are Actor_<nn>/<modality>-
<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>, WAV as released or FLAC. Every
actor speaks every emotion equally often (neutral half as often, since it has no strong form), so
the speaker does not reveal the emotion.
"""

import re
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.completeness import expected_counts, list_warning
from ser_vae.corpus.files import existing_root, visible_files
from ser_vae.corpus.labels import sort_into_classes
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
FOUR = ("01", "03", "04", "05")  # the four classes of the paper
RELEASED = {code: {"complete": 96 if code == "01" else 192} for code in EMOTIONS}  # utterances
NAME = re.compile(
    r"03-01"  # modality: audio only; channel: speech, not song
    r"-(?P<code>0[1-8])-0[12]-0(?P<statement>[12])-0[12]-(?P<actor>0[1-9]|1\d|2[0-4])"
)


def read(root: str | Path | None, classes: int) -> Corpus:
    """Read the folder that holds Actor_01 to Actor_24.

    Args:
        root: that folder.
        classes: 4 for the classes of the paper, or 8 for all. Eight classes are a corpus of
            another name, so that their scores never appear beside scores of four classes.

    Raises:
        SerVaeError: no root, or it holds no file with a name of this corpus.
    """
    class_of = {code: EMOTIONS[code] for code in (FOUR if classes == 4 else EMOTIONS)}
    folder = existing_root(root, "ravdess", "RAVDESS_ROOT")
    files = visible_files(folder, "Actor_*/*", (".wav", ".flac"))
    parsed = {file: parse_name(file) for file in files}
    labelled = [utterance for utterance in parsed.values() if utterance]
    if not labelled:
        raise SerVaeError(
            f"{folder} is not RAVDESS: expected files such as Actor_01/03-01-05-02-02-01-01.wav.\n"
            "Give the folder that holds Actor_01 to Actor_24."
        )
    ignored = [file.name for file, utterance in parsed.items() if utterance is None]
    utterances, others = sort_into_classes(labelled, class_of)
    return Corpus(
        name="ravdess" if classes == 4 else "ravdess8",
        emotions=tuple(class_of.values()),
        utterances=utterances,
        others=others,
        # No sample rate: many copies are resampled.
        expected=expected_counts(RELEASED, class_of, speakers=24, hours=1.48),
        warnings=list_warning(
            "files do not follow the naming of this corpus and are ignored", ignored
        ),
    )


def parse_name(file: Path) -> Utterance | None:
    """Return the utterance that the file's name describes, None for any other name."""
    match = NAME.fullmatch(file.stem)
    return match and Utterance(
        id=file.stem,
        path=file,
        emotion=match["code"],
        speaker=f"actor{match['actor']}",
        sex="M" if int(match["actor"]) % 2 else "F",
        script=f"statement {match['statement']}",
    )
