"""Turn spectrograms and recordings into what a page can hold: WebP and MP3 as data URIs."""

import base64
import io
from collections.abc import Iterator

import numpy as np
import soundfile
from matplotlib import colormaps
from PIL import Image

from ser_vae.evaluation.illustrations import Illustrations

COLOURS = colormaps["magma"]
SHOWN = (0.5, 99.5)  # percentiles between which the colours lie
QUALITY = 55  # of WebP, of 100
LONGEST_S = 8  # of a recording
BUDGET = 700_000  # bytes of all pictures and recordings of a page


class Budget:
    """Bytes that may still be put into the page."""

    def __init__(self) -> None:
        self.left = BUDGET

    def embed(self, content: bytes, kind: str) -> str:
        """Return the content as a data URI, or nothing if it does not fit any more."""
        if not content or len(content) > self.left:
            return ""
        self.left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def spectrograms(drawn: Illustrations, budget: Budget) -> Iterator[tuple[str, list[str]]]:
    """Yield emotion -> input, reconstruction and, of a CVAE, what each label decodes to.

    Time goes to the right and frequency upwards; all share one scale of colours.
    """
    low, high = np.percentile(np.concatenate([each.ravel() for each in drawn.input]), SHOWN)
    for number, emotion in enumerate(drawn.emotion):
        swapped = drawn.swapped[number] if drawn.swapped else ()
        found = []
        for frames in (drawn.input[number], drawn.reconstruction[number], *swapped):
            scaled = np.clip((frames.T[::-1] - low) / (high - low), 0, 1)
            pixels = np.ascontiguousarray(COLOURS(scaled, bytes=True)[..., :3])
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "webp", quality=QUALITY)
            found.append(budget.embed(stream.getvalue(), "image/webp"))
        yield emotion, found


def mp3(path: str, clip: tuple[float, float] | None) -> bytes:
    """Return the first seconds of a recording or a clip of it; nothing if it can't be read."""
    start, end = clip or (0.0, LONGEST_S)
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(round(start * file.samplerate))
            count = round(min(end - start, LONGEST_S) * file.samplerate)
            samples = file.read(count, always_2d=True).mean(axis=1)
            stream = io.BytesIO()
            soundfile.write(stream, samples, file.samplerate, format="MP3")
    except (OSError, soundfile.SoundFileError):
        return b""
    return stream.getvalue()
