"""Waveform -> log-mel frames (IV-B), kept in a store on disk."""

from pathlib import Path

from ser_vae import SerVaeError


class AudioError(SerVaeError):
    """A file from which no speech can be read; `reason` is the message without the file's name."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason
