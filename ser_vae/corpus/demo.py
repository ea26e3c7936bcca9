"""The embedded corpus: sentences of our own, spoken by a synthesiser, in IEMOCAP's tree.

It shows the pipeline at work where no licensed corpus is at hand; its figures measure the software,
never emotion. Ten speakers in five sessions, improvised and scripted dialogues. What is said tells
nothing of the emotion and who says it next to nothing, since every utterance's emotion is drawn by
itself. It is spoken once, into the cache, and read as IEMOCAP is.
"""

import hashlib
import os
import shutil
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from filelock import FileLock

from ser_vae.corpus import espeak, prosody
from ser_vae.corpus.iemocap import read_tree
from ser_vae.corpus.utterance import Corpus
from ser_vae.terminal import track

TEXT = Path(__file__).with_suffix(".txt")

# Variants of espeak-ng's American English: median F0 near 169 to 197 Hz and near 89 to 98 Hz.
VOICES = {  # session: the woman's, the man's
    "Ses01": ("en-us+f1", "en-us+m1"),
    "Ses02": ("en-us+f2", "en-us+m2"),
    "Ses03": ("en-us+f3", "en-us+m3"),
    "Ses04": ("en-us+f4", "en-us+m4"),
    "Ses05": ("en-us+f5", "en-us+m7"),
}
SHARE = {  # of IEMOCAP's codes among the utterances; one in six is in none of the four classes
    "neu": 0.22,
    "hap": 0.10,
    "exc": 0.11,
    "sad": 0.20,
    "ang": 0.20,
    "fru": 0.08,
    "xxx": 0.06,
    "sur": 0.03,
}
PAUSE_S = 0.5  # between the turns of a dialogue
UNRATED = "[3.0000, 3.0000, 3.0000]"  # valence, activation, dominance of 1 to 5: nobody judged
HOURS = 0.34  # of all utterances


@dataclass(frozen=True)
class Turn:
    """One utterance before it is spoken."""

    id: str
    text: str
    voice: str
    emotion: str  # IEMOCAP's code


def read(cache: str | Path, emotions: Mapping[str, Sequence[str]]) -> Corpus:
    """Read the corpus, after speaking it into a folder of `cache` where it is not there yet.

    Args:
        cache: the folder that holds what can be made again.
        emotions: class -> IEMOCAP's label codes; its order is the order of the classes.

    Raises:
        SerVaeError: espeak-ng is not installed, or fails.
    """
    dialogues = plan()
    folder = Path(cache).expanduser().absolute() / f"demo-{recipe()}"
    if not folder.is_dir():
        make(folder, dialogues)
    utterances, others, oddities = read_tree(folder, emotions)
    return Corpus(
        name="demo",
        emotions=tuple(emotions),
        utterances=utterances,
        others=others,
        synthetic=True,
        expected=expected_counts(dialogues, emotions),
        oddities=oddities,
    )


def recipe() -> str:
    """A digest of all that shapes the audio: a change makes a new folder, none meets old audio."""
    digest = hashlib.sha256(espeak.library_version().encode())
    for name in ("demo.txt", "demo.py", "espeak.py", "prosody.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:12]


def plan() -> dict[str, list[Turn]]:
    """The turns of each dialogue, by the dialogue's name: who says what, in which emotion."""
    dialogues = {}
    for scene, texts in read_text().items():
        recordings = [(session, wearer) for session in VOICES for wearer in "FM"]
        for number, (session, wearer) in enumerate(recordings):
            name = f"{session}{wearer}_{scene}"
            dialogues[name] = cast(name, texts[number % len(texts)], VOICES[session])
    return dialogues


def read_text() -> dict[str, list[list[str]]]:
    """Scene -> its texts: one a recording where it is improvised, a single one where scripted."""
    scenes = defaultdict(list)
    _, *paragraphs = TEXT.read_text(encoding="utf-8").split("\n\n")
    for paragraph in paragraphs:
        scene, *lines = paragraph.splitlines()
        scenes[scene].append(lines)
    return dict(scenes)


def cast(dialogue: str, lines: Sequence[str], voices: Sequence[str]) -> list[Turn]:
    """Give the lines to the two speakers in turn, and each line an emotion of its own."""
    turns = []
    for index, line in enumerate(lines):
        name = f"{dialogue}_{'FM'[index % 2]}{index // 2:03d}"
        # "role" was chosen among ten words: the chances of its draw tell least about the speakers.
        emotion = generator(name, "role").choice(list(SHARE), p=list(SHARE.values()))
        turns.append(Turn(name, line, voices[index % 2], str(emotion)))
    return turns


def expected_counts(
    dialogues: Mapping[str, Sequence[Turn]], emotions: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """What the corpus holds, for the classes asked for: from the plan, before any audio."""
    turns = [turn for dialogue in dialogues.values() for turn in dialogue]
    counts = Counter(("improvised" if "_impro" in t.id else "scripted", t.emotion) for t in turns)
    classes = {
        emotion: {s: sum(counts[s, code] for code in codes) for s in ("improvised", "scripted")}
        for emotion, codes in emotions.items()
    }
    return {
        "classes": classes,
        "others": len(turns) - sum(sum(by_style.values()) for by_style in classes.values()),
        "hours": HOURS,
        "speakers": 2 * len(VOICES),
        "sample_rate_hz": prosody.SAMPLE_RATE_HZ,
        "channels": 1,
    }


def make(folder: Path, dialogues: Mapping[str, Sequence[Turn]]) -> None:
    """Speak `dialogues` into `folder`, which comes to be when it is whole.

    Whoever comes second waits and finds it made; what a killed run left behind is thrown away.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if folder.is_dir():
            return
        part = folder.with_name(f"{folder.name}.part")
        if part.is_dir():
            shutil.rmtree(part)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(partial(make_dialogue, part), dialogues, dialogues.values())
            deque(track(made, "Speaking the demo corpus", len(dialogues)), 0)
        part.replace(folder)


def make_dialogue(root: Path, dialogue: str, turns: Sequence[Turn]) -> None:
    """Write a dialogue's utterances and its label file."""
    session = root / f"Session{int(dialogue[3:5])}"
    wav_folder = session / "sentences" / "wav" / dialogue
    wav_folder.mkdir(parents=True)
    lines, start_s = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""], 0.0
    for turn, samples in zip(turns, perform(turns), strict=True):
        soundfile.write(wav_folder / f"{turn.id}.wav", samples, prosody.SAMPLE_RATE_HZ, "PCM_16")
        end_s = start_s + samples.size / prosody.SAMPLE_RATE_HZ
        lines += [f"[{start_s:.4f} - {end_s:.4f}]\t{turn.id}\t{turn.emotion}\t{UNRATED}", ""]
        start_s = end_s + PAUSE_S
    label_folder = session / "dialog" / "EmoEvaluation"
    label_folder.mkdir(parents=True, exist_ok=True)
    (label_folder / f"{dialogue}.txt").write_text("\n".join(lines), encoding="ascii")


def perform(turns: Sequence[Turn]) -> list[npt.NDArray[np.int16]]:
    """A dialogue's waveforms, at 16 kHz."""
    cues = [prosody.act(turn.emotion, generator(turn.id, "cues")) for turn in turns]
    sentences = [
        prosody.sentence(turn.text, turn.voice, acted, seed(turn.id, "voice"))
        for turn, acted in zip(turns, cues, strict=True)
    ]
    return [
        prosody.record(samples, acted, generator(turn.id, "noise"))
        for samples, acted, turn in zip(espeak.speak(sentences), cues, turns, strict=True)
    ]


def generator(utterance: str, purpose: str) -> np.random.Generator:
    """Chance that depends on nothing else: not on the order of work, nor on who does it."""
    return np.random.default_rng(seed(utterance, purpose))


def seed(utterance: str, purpose: str) -> int:
    return zlib.crc32(f"{utterance} {purpose}".encode())
