"""Encode spectrograms and recordings for a page: WebP and MP3 as data URIs."""

import base64
import io

import numpy as np
import soundfile
from matplotlib import colormaps
from PIL import Image

from ser_vae.evaluation.arrays import Illustrations

COLOURS = colormaps["magma"]
EMBEDDED = 700_000  # bytes of all spectrograms and recordings of a page
QUALITY = 55  # of a spectrogram, out of 100
RECORDING_S = 8.0
PERCENTILES = (0.5, 99.5)  # of the input: the ends of the scale of colours


class Embedder:
    """Turns files into data URIs until the page holds as many bytes as it may."""

    def __init__(self) -> None:
        self.bytes_left = EMBEDDED

    def embed(self, content: bytes, kind: str) -> str:
        """Return the content as a data URI; "" if it is empty or no longer fits."""
        if not content or len(content) > self.bytes_left:
            return ""
        self.bytes_left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def embed_spectrograms(examples: Illustrations, embedder: Embedder) -> dict[str, list[str]]:
    """Return emotion -> pictures: input, reconstruction and, of a CVAE, one decoded as each label.

    Time runs to the right and frequency upwards; all have the same scale of colours.
    """
    lines = {}
    low, high = np.percentile(np.concatenate([x.ravel() for x in examples.input]), PERCENTILES)
    for number, emotion in enumerate(examples.emotion):
        swapped = examples.swapped[number] if examples.swapped else ()
        pictures = []
        for frames in (examples.input[number], examples.reconstruction[number], *swapped):
            scaled = np.clip((frames.T[::-1] - low) / (high - low), 0, 1)
            pixels = np.ascontiguousarray(COLOURS(scaled, bytes=True)[..., :3])
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "webp", quality=QUALITY)
            pictures.append(embedder.embed(stream.getvalue(), "image/webp"))
        lines[emotion] = pictures
    return lines


def encode_mp3(path: str, clip: tuple[float, float] | None) -> bytes:
    """Encode the first seconds of a recording, or a clip of it, as MP3; b"" if unreadable."""
    start, end = clip or (0.0, RECORDING_S)
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(round(start * file.samplerate))
            count = round(min(end - start, RECORDING_S) * file.samplerate)
            waveform = file.read(count, always_2d=True)
            stream = io.BytesIO()
            soundfile.write(stream, waveform.mean(axis=1), file.samplerate, format="MP3")
    except (OSError, soundfile.SoundFileError):
        return b""
    return stream.getvalue()
