"""URDU: utterances from talk shows, cut from video by the paper's first author.

S. Latif et al., "Cross lingual speech emotion recognition: Urdu vs. Western languages", FIT 2018.
Files are <Emotion>/S<sex><speaker>_F<n>_<code><n>.wav. The file names hold 29 speakers, the
corpus's own README counts 38; most of them speak in one emotion only, so that a split which does
not separate speakers measures who speaks.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.labels import class_of_code, sort_into_classes
from ser_vae.corpus.root import existing_root, left_out, visible_files
from ser_vae.corpus.utterance import Corpus, Utterance

CODES = ("A", "H", "N", "S")  # angry, happy, neutral, sad
RELEASED = 100  # utterances of each
NAME = re.compile(r"(?P<speaker>S(?P<sex>[FM])\d+)_F\d+_(?P<code>[AHNS])\d+")


def read(root: str | Path | None, emotions: Mapping[str, Sequence[str]]) -> Corpus:
    """Read the folder that holds Angry, Happy, Neutral and Sad.

    Args:
        root: that folder.
        emotions: class -> codes of the file names; its order is the order of the classes.

    Raises:
        SerVaeError: no root, or no file in it that is named as this corpus names them.
    """
    class_of = class_of_code(emotions, CODES)
    folder = existing_root(root, "urdu", "URDU_ROOT")
    parsed = {wav: parse_name(wav) for wav in visible_files(folder, "*/*.wav")}
    labelled = [utterance for utterance in parsed.values() if utterance]
    if not labelled:
        raise SerVaeError(
            f"{folder} is not URDU: expected files such as Angry/SM1_F10_A010.wav.\n"
            "Give the folder that holds Angry, Happy, Neutral and Sad."
        )
    utterances, others = sort_into_classes(labelled, class_of)
    return Corpus(
        name="urdu",
        emotions=tuple(emotions),
        utterances=utterances,
        others=others,
        expected=expected_counts(emotions),
        oddities=left_out([wav for wav, utterance in parsed.items() if utterance is None]),
    )


def expected_counts(emotions: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    classes = {emotion: RELEASED * len(codes) for emotion, codes in emotions.items()}
    return {
        "classes": {emotion: {"complete": count} for emotion, count in classes.items()},
        "others": RELEASED * len(CODES) - sum(classes.values()),
        "hours": 0.28,
        "speakers": 29,
        "sample_rate_hz": 44_100,
        "channels": 1,
    }


def parse_name(wav: Path) -> Utterance | None:
    """What the file's name says, or None where it is no name of this corpus."""
    match = NAME.fullmatch(wav.stem)
    return match and Utterance(
        id=wav.stem,
        path=wav,
        emotion=match["code"],
        speaker=match["speaker"],
        sex="F" if match["sex"] == "F" else "M",
    )
