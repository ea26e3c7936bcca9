"""Waveform -> frames (IV-B): the extractors, and the store that keeps their output on disk."""

import math
from pathlib import Path

from ser_vae import SerVaeError


class AudioError(SerVaeError):
    """An audio file that cannot be used; `reason` is the message without the file name."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


class TooShortError(SerVaeError):
    """A waveform too short for a single frame."""

    def __init__(self, duration_s: float, least_s: float) -> None:
        duration_ms = math.floor(1000 * duration_s)  # not rounded up to `least_s`
        super().__init__(f"too short: {duration_ms} ms, expected at least {1000 * least_s:g} ms")
