"""URDU: utterances from talk shows, cut from video by the paper's first author.

S. Latif et al., "Cross lingual speech emotion recognition: Urdu vs. Western languages", FIT 2018.
Files are <Emotion>/S<sex><speaker>_F<n>_<code><n>.wav. The file names contain 29 speakers, the
corpus's own README counts 38; most of them speak in one emotion only, so a split that does not
separate speakers measures speaker recognition.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.corpus.completeness import expected_counts, list_warning
from ser_vae.corpus.files import existing_root, visible_files
from ser_vae.corpus.labels import class_of_code, sort_into_classes
from ser_vae.corpus.utterance import Corpus, Utterance

RELEASED = {code: {"complete": 100} for code in "AHNS"}  # angry, happy, neutral, sad: utterances
NAME = re.compile(r"(?P<speaker>S(?P<sex>[FM])\d+)_F\d+_(?P<code>[AHNS])\d+")


def read(root: str | Path | None, emotions: Mapping[str, Sequence[str]]) -> Corpus:
    """Read the folder that holds Angry, Happy, Neutral and Sad.

    Args:
        root: that folder.
        emotions: class -> codes of the file names, in the order of the classes.

    Raises:
        SerVaeError: no root, or it holds no file with a name of this corpus.
    """
    class_of = class_of_code(emotions, RELEASED)
    folder = existing_root(root, "urdu", "URDU_ROOT")
    parsed = {wav: parse_name(wav) for wav in visible_files(folder, "*/*")}
    labelled = [utterance for utterance in parsed.values() if utterance]
    if not labelled:
        raise SerVaeError(
            f"{folder} is not URDU: expected files such as Angry/SM1_F10_A010.wav.\n"
            "Give the folder that holds Angry, Happy, Neutral and Sad."
        )
    ignored = [file.name for file, utterance in parsed.items() if utterance is None]
    utterances, others = sort_into_classes(labelled, class_of)
    return Corpus(
        name="urdu",
        emotions=tuple(emotions),
        utterances=utterances,
        others=others,
        expected=expected_counts(
            RELEASED, class_of, speakers=29, hours=0.28, sample_rate_hz=44_100, channels=1
        ),
        warnings=list_warning(
            "files do not follow the naming of this corpus and are ignored", ignored
        ),
    )


def parse_name(wav: Path) -> Utterance | None:
    """Return the utterance that the file's name describes, None for any other name."""
    match = NAME.fullmatch(wav.stem)
    return match and Utterance(
        id=wav.stem,
        path=wav,
        emotion=match["code"],
        speaker=match["speaker"],
        sex="F" if match["sex"] == "F" else "M",
    )
