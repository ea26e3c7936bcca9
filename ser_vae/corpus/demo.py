"""The embedded corpus: sentences written for it, synthesised into the file tree of IEMOCAP.

It demonstrates the pipeline where no licensed corpus is available; its scores measure the software,
never emotion. Ten speakers in five sessions hold improvised and scripted dialogues. The emotion of
every utterance is drawn independently, so the text does not reveal it and the speaker hardly does.
The audio is synthesised once, into the cache, and then read with the reader of IEMOCAP.

How an emotion is acted, by settings of the synthesiser and filters of its output, follows P. N.
Juslin and P. Laukka, "Communication of emotions in vocal expression and music performance:
different channels, same code?", Psychological Bulletin 129(5), 2003, Table 11:

    anger      fast, loud, much high-frequency energy, F0 high and variable
    happiness  fast, medium to loud, medium high-frequency energy, F0 high and variable
    sadness    slow, soft, little high-frequency energy, F0 low and little variable

So anger and happiness differ little, as in real speech. The sizes, the spread and the noise are our
choice, made so that the classes overlap.
"""

import hashlib
import math
import os
import shutil
import zlib
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from ser_vae.corpus import espeak
from ser_vae.corpus.iemocap import read_tree
from ser_vae.corpus.utterance import Corpus
from ser_vae.files import locked
from ser_vae.terminal import track

SAMPLE_RATE_HZ = 16_000

TEXT = Path(__file__).with_suffix(".txt")

# Variants of espeak-ng's American English: median F0 near 169 to 197 Hz and near 89 to 98 Hz.
VOICES = {  # session: the woman's, the man's
    f"Ses0{number}": (f"en-us+f{number}", f"en-us+m{man}")
    for number, man in enumerate((1, 2, 3, 4, 7), 1)
}
PAUSE_S = 0.5  # between the turns of a dialogue
UNRATED = "[3.0000, 3.0000, 3.0000]"  # valence, activation, dominance from 1 to 5, not rated

Waveform = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cues:
    """Differences from a neutral sentence."""

    rate: float  # of speech: natural logarithm of the factor
    pitch: float  # on the synthesiser's scale from 0 to 99
    range: float  # of pitch, on the same scale
    level_db: float
    tilt_db: float  # of the spectrum, per octave


@dataclass(frozen=True)
class Turn:
    """One utterance before it is synthesised; `emotion` is IEMOCAP's code."""

    id: str
    emotion: str
    cues: Cues
    sentence: espeak.Sentence


def read(cache: str | Path, emotions: Mapping[str, Sequence[str]]) -> Corpus:
    """Read the corpus; synthesise it first if the cache does not hold it.

    Args:
        cache: the folder for files that can be regenerated.
        emotions: class -> IEMOCAP's label codes, in the order of the classes.

    Raises:
        SerVaeError: espeak-ng is not installed, or fails.
    """
    folder = Path(cache).expanduser().absolute() / f"demo-{audio_digest()}"
    if not folder.is_dir():
        make(folder, read_dialogues())
    return read_tree("demo", folder, emotions, synthetic=True)


def audio_digest() -> str:
    """Return a digest of everything that determines the audio; it is part of the folder's name."""
    digest = hashlib.sha256(espeak.library_version().encode())
    for name in ("demo.txt", "demo.py", "espeak.py"):
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:12]


def read_dialogues() -> dict[str, list[Turn]]:
    """Return the turns of each dialogue, by the dialogue's name: text, speaker and emotion."""
    dialogues = {}
    for scene, texts in read_text().items():
        recordings = [(session, wearer) for session in VOICES for wearer in "FM"]
        for number, (session, wearer) in enumerate(recordings):
            name = f"{session}{wearer}_{scene}"
            dialogues[name] = assign_turns(name, texts[number % len(texts)], VOICES[session])
    return dialogues


def read_text() -> dict[str, list[list[str]]]:
    """Read scene -> its texts: one per recording if it is improvised, one for all if scripted."""
    scenes = defaultdict(list)
    _, *paragraphs = TEXT.read_text(encoding="utf-8").split("\n\n")
    for paragraph in paragraphs:
        scene, *lines = paragraph.splitlines()
        scenes[scene].append(lines)
    return dict(scenes)


def assign_turns(dialogue: str, lines: Sequence[str], voices: Sequence[str]) -> list[Turn]:
    """Assign the lines to the two speakers in turn, and draw how each is acted."""
    turns = []
    for index, line in enumerate(lines):
        name = f"{dialogue}_{'FM'[index % 2]}{index // 2:03d}"
        # Of ten words tried here, "role" gives the draw in which speakers reveal emotions least.
        proportions = [proportion for proportion, _ in CODES.values()]
        emotion = str(generator(name, "role").choice(list(CODES), p=proportions))
        cues = draw_cues(emotion, generator(name, "cues"))
        spoken = sentence(line, voices[index % 2], cues, seed(name, "voice"))
        turns.append(Turn(name, emotion, cues, spoken))
    return turns


def make(folder: Path, dialogues: Mapping[str, Sequence[Turn]]) -> None:
    """Synthesise `dialogues` into `folder`, which appears only when it is complete.

    A second process waits for the first and uses its result. What a killed run left is discarded.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    waiting = f"{folder}: waiting for another process, which is synthesising it"
    with locked(Path(f"{folder}.lock"), waiting):
        if folder.is_dir():
            return
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = pool.map(partial(make_dialogue, part), dialogues, dialogues.values())
            deque(track(done, "Synthesising the demo corpus", len(dialogues)), 0)
        part.replace(folder)


def make_dialogue(root: Path, dialogue: str, turns: Sequence[Turn]) -> None:
    """Write a dialogue's utterances and its label file."""
    session = root / f"Session{int(dialogue[3:5])}"
    wav_folder = session / "sentences" / "wav" / dialogue
    wav_folder.mkdir(parents=True)
    lines, start_s = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""], 0.0
    speeches = espeak.speak([turn.sentence for turn in turns])
    for turn, speech in zip(turns, speeches, strict=True):
        samples = render(speech, turn.cues, generator(turn.id, "noise"))
        soundfile.write(wav_folder / f"{turn.id}.wav", samples, SAMPLE_RATE_HZ, "PCM_16")
        end_s = start_s + samples.size / SAMPLE_RATE_HZ
        lines += [f"[{start_s:.4f} - {end_s:.4f}]\t{turn.id}\t{turn.emotion}\t{UNRATED}", ""]
        start_s = end_s + PAUSE_S
    label_folder = session / "dialog" / "EmoEvaluation"
    label_folder.mkdir(parents=True, exist_ok=True)
    (label_folder / f"{dialogue}.txt").write_text("\n".join(lines), encoding="ascii")


def generator(utterance: str, purpose: str) -> np.random.Generator:
    """Return a generator that depends on its arguments alone, not on the order of the work."""
    return np.random.default_rng(seed(utterance, purpose))


def seed(utterance: str, purpose: str) -> int:
    return zlib.crc32(f"{utterance} {purpose}".encode())


# Of IEMOCAP's codes: the proportion of the utterances, and how the emotion is acted. 17 % of the
# utterances belong to none of the four classes.
CODES = {
    "neu": (0.22, Cues(rate=0.00, pitch=0, range=0, level_db=0, tilt_db=0.0)),
    "hap": (0.10, Cues(rate=0.10, pitch=16, range=24, level_db=2, tilt_db=0.3)),
    "exc": (0.11, Cues(rate=0.16, pitch=22, range=32, level_db=4, tilt_db=0.6)),
    "sad": (0.20, Cues(rate=-0.18, pitch=-14, range=-22, level_db=-5, tilt_db=-1.2)),
    "ang": (0.20, Cues(rate=0.12, pitch=10, range=16, level_db=6, tilt_db=1.8)),
    "fru": (0.08, Cues(rate=0.00, pitch=4, range=8, level_db=3, tilt_db=0.9)),
    "xxx": (0.06, Cues(rate=0.00, pitch=4, range=4, level_db=0, tilt_db=0.0)),
    "sur": (0.03, Cues(rate=0.06, pitch=26, range=36, level_db=2, tilt_db=0.3)),
}
NEUTRAL_RATE = 160  # words per minute
SPREAD = Cues(rate=0.08, pitch=8, range=12, level_db=2.5, tilt_db=0.7)  # standard deviations
STRENGTH = (0.6, 1.4)  # factor by which an emotion is acted, drawn uniformly

LEVEL_DB = -32.0  # root mean square of neutral speech relative to full scale
NOISE_DB = (-60.0, -45.0)  # range of the level of background noise, likewise


def draw_cues(emotion: str, generator: np.random.Generator) -> Cues:
    """Draw the cues of one sentence: the emotion's, times a strength, plus Gaussian variation."""
    strength = generator.uniform(*STRENGTH)
    pairs = zip(astuple(CODES[emotion][1]), astuple(SPREAD), strict=True)
    return Cues(*(strength * mean + generator.normal(0, std) for mean, std in pairs))


def sentence(text: str, voice: str, cues: Cues, seed: int) -> espeak.Sentence:
    """Apply the cues that the synthesiser controls; `render` applies level and tilt."""
    return espeak.Sentence(
        text=text,
        voice=voice,
        rate=round(NEUTRAL_RATE * math.exp(cues.rate)),
        pitch=round(min(max(50 + cues.pitch, 0), 99)),
        range=round(min(max(50 + cues.range, 0), 99)),
        seed=seed,
    )


def render(samples: bytes, cues: Cues, generator: np.random.Generator) -> npt.NDArray[np.int16]:
    """Turn the synthesiser's samples into a recording: apply tilt and level, add noise."""
    wave = tilt(resample(np.frombuffer(samples, dtype="<i2")), cues.tilt_db)
    wave *= 10 ** ((LEVEL_DB + cues.level_db) / 20) / np.sqrt(np.mean(wave**2))
    noise_db = generator.uniform(*NOISE_DB)
    wave += generator.normal(0, 10 ** (noise_db / 20), wave.size)
    return np.clip(np.rint(wave * 32_768), -32_768, 32_767).astype(np.int16)


def resample(speech: npt.NDArray[np.int16]) -> Waveform:
    """Convert from the synthesiser's rate to 16 kHz by cutting off the spectrum above 8 kHz."""
    size = round(speech.size * SAMPLE_RATE_HZ / espeak.SAMPLE_RATE_HZ)
    return np.fft.irfft(np.fft.rfft(speech)[: size // 2 + 1], size) * size / speech.size


def tilt(wave: Waveform, db_per_octave: float) -> Waveform:
    """Tilt the spectrum around 1 kHz; frequencies below 125 Hz get the gain of 125 Hz."""
    frequencies = np.fft.rfftfreq(wave.size, 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(frequencies, 125) / 1000)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (db_per_octave * octaves / 20), wave.size)
