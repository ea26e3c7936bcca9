"""Speech by espeak-ng, the same samples every time.

The library is not deterministic within a process: it seeds its noise by the clock, and three
counters (of pitch flutter, of glottal cycles, of gain) run on from one sentence to the next, which
no call resets. So the sentences that belong together are spoken by a process of their own, which
starts from the library's initial state. That process is this file, run as a program: a JSON list
of sentences in, a JSON list of base64 samples out. It does without NumPy to start in 50 ms.
"""

import base64
import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ser_vae import SerVaeError

SAMPLE_RATE_HZ = 22_050  # of the library; it can't be asked for another

# Of espeak-ng's speak_lib.h.
AUDIO_OUTPUT_SYNCHRONOUS, POS_CHARACTER, CHARS_UTF8 = 2, 1, 1
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
QUIET_VOLUME = 50  # of 0 to 200: 100, its default, drives some voices into its limiter

SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True)
class Sentence:
    text: str
    voice: str  # a language and a variant, such as en-us+f1
    rate: int  # words a minute, 80 to 450
    pitch: int  # 0 to 99, 50 being the voice's own
    range: int  # of pitch, 0 (monotone) to 99, 50 being the voice's own
    seed: int  # of the noise in breath and consonants


def library_version() -> str:
    """The version of the package that carries espeak-ng.

    Raises:
        SerVaeError: it is not installed.
    """
    try:
        import espeakng_loader  # noqa: F401, PLC0415  # GPL-3: an extra, not a dependency
    except ImportError as error:
        raise SerVaeError(
            "corpus=demo is spoken by espeak-ng, which is not installed: pip install "
            "'ser_vae[demo]'\nIts package, espeakng-loader, is GPL-3 and therefore an extra."
        ) from error
    return metadata.version("espeakng-loader")


def speak(sentences: Sequence[Sentence]) -> list[bytes]:
    """Speak in a new process: 16-bit mono samples, at SAMPLE_RATE_HZ, of each sentence.

    Raises:
        SerVaeError: the library has no such voice, or fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "ser_vae.corpus.espeak"],
        input=json.dumps([asdict(sentence) for sentence in sentences]).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise SerVaeError(f"espeak-ng failed at {sentences[0].text!r} or after: {reason}")
    return [base64.b64decode(samples) for samples in json.loads(done.stdout)]


class Synthesiser:
    """The library behind ctypes; its state is the process's, so make one a process."""

    def __init__(self) -> None:
        import espeakng_loader  # noqa: PLC0415

        self.library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path()
        rate = self.library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data.encode(), 0)
        if rate != SAMPLE_RATE_HZ:
            sys.exit(f"espeak_Initialize gave {rate}, expected {SAMPLE_RATE_HZ} samples a second")
        self.variants = Path(data, "voices", "!v")
        self.samples = bytearray()
        self.callback = SynthCallback(self.collect)  # the library holds a bare pointer to it
        self.library.espeak_SetSynthCallback(self.callback)

    def collect(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples:
            self.samples += ctypes.string_at(samples, 2 * count)
        return 0  # go on

    def say(self, sentence: dict[str, Any]) -> bytes:
        self.samples.clear()
        self.library.espeak_ng_SetRandSeed(ctypes.c_long(sentence["seed"]))
        self.choose(sentence["voice"])
        for parameter, value in (
            (RATE, sentence["rate"]),
            (VOLUME, QUIET_VOLUME),
            (PITCH, sentence["pitch"]),
            (RANGE, sentence["range"]),
        ):
            self.library.espeak_SetParameter(parameter, value, 0)
        text = sentence["text"].encode()
        size = ctypes.c_size_t(len(text) + 1)  # with the final zero
        self.library.espeak_Synth(text, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        return bytes(self.samples)

    def choose(self, voice: str) -> None:
        """Take a voice, or exit: of an unknown variant the library takes the plain language."""
        _, _, variant = voice.partition("+")
        if (
            self.library.espeak_SetVoiceByName(voice.encode())
            or not (self.variants / variant).exists()
        ):
            sys.exit(f"no voice {voice}")


def main() -> None:
    synthesiser = Synthesiser()
    spoken = [synthesiser.say(sentence) for sentence in json.load(sys.stdin)]
    json.dump([base64.b64encode(samples).decode() for samples in spoken], sys.stdout)


if __name__ == "__main__":
    main()
