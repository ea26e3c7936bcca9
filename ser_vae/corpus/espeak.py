"""Speech synthesis with espeak-ng that gives the same samples every time.

Within a process the library is not deterministic: it seeds its noise from the clock, and three
counters (pitch flutter, glottal cycles, gain) continue from one sentence to the next without any
call to reset them. So a new process, which starts in the library's initial state, speaks each group
of sentences. That process runs this file as a program: a JSON list of sentences in, a JSON list of
samples out, as hexadecimal digits. It does not import NumPy, so that it starts in 50 ms.
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata

from ser_vae import SerVaeError

SAMPLE_RATE_HZ = 22_050  # fixed in the library

# Constants of espeak-ng's speak_lib.h.
AUDIO_OUTPUT_SYNCHRONOUS, POS_CHARACTER, CHARS_UTF8 = 2, 1, 1
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
QUIET_VOLUME = 50  # from 0 to 200; at the default of 100 some voices reach the limiter

SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True)
class Sentence:
    text: str
    voice: str  # a language and a variant, such as en-us+f1
    rate: int  # words per minute, 80 to 450
    pitch: int  # 0 to 99; 50 is the voice's default
    range: int  # of pitch, 0 (monotone) to 99; 50 is the voice's default
    seed: int  # of the noise in breath and consonants


def library_version() -> str:
    """Return the version of the package that contains espeak-ng.

    Raises:
        SerVaeError: it is not installed.
    """
    try:
        return metadata.version("espeakng-loader")
    except metadata.PackageNotFoundError as error:
        raise SerVaeError(
            "corpus=demo needs espeak-ng, which is not installed: pip install 'ser_vae[demo]'\n"
            "Its package, espeakng-loader, is GPL-3 and therefore an extra."
        ) from error


def speak(sentences: Sequence[Sentence]) -> list[bytes]:
    """Synthesise in a new process: 16-bit mono samples at SAMPLE_RATE_HZ for each sentence.

    Raises:
        SerVaeError: the library does not have the voice, or fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "ser_vae.corpus.espeak"],
        input=json.dumps([asdict(sentence) for sentence in sentences]),
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        reason = done.stderr.strip() or f"exit status {done.returncode}"
        raise SerVaeError(f"espeak-ng failed at or after {sentences[0].text!r}: {reason}")
    return [bytes.fromhex(samples) for samples in json.loads(done.stdout)]


def main() -> None:
    """Speak the sentences of standard input; the library's state is global and used once."""
    import espeakng_loader  # noqa: PLC0415

    library, samples, speech = ctypes.CDLL(espeakng_loader.get_library_path()), bytearray(), []
    data = espeakng_loader.get_data_path().encode()
    library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0)

    def collect(address: int | None, count: int, _events: int | None) -> int:
        if address:
            samples.extend(ctypes.string_at(address, 2 * count))
        return 0  # continue

    callback = SynthCallback(collect)  # kept, as the library only holds a pointer
    library.espeak_SetSynthCallback(callback)
    for sentence in (Sentence(**values) for values in json.load(sys.stdin)):
        samples.clear()
        library.espeak_ng_SetRandSeed(ctypes.c_long(sentence.seed))
        if library.espeak_SetVoiceByName(sentence.voice.encode()):
            sys.exit(f"no voice {sentence.voice}")
        values = (sentence.rate, QUIET_VOLUME, sentence.pitch, sentence.range)
        for parameter, value in zip((RATE, VOLUME, PITCH, RANGE), values, strict=True):
            library.espeak_SetParameter(parameter, value, 0)
        text = sentence.text.encode()
        size = ctypes.c_size_t(len(text) + 1)  # with the terminating zero
        library.espeak_Synth(text, size, 0, POS_CHARACTER, 0, CHARS_UTF8, None, None)
        speech.append(samples.hex())
    json.dump(speech, sys.stdout)


if __name__ == "__main__":
    main()
