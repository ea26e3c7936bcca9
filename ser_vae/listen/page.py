"""Frames -> WAV, PNG and an index.html in one folder."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import soundfile

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.features.audio import SILENT, Samples
from ser_vae.features.griffin_lim import to_waveform
from ser_vae.features.logmel import LogMel
from ser_vae.files import atomic_write, write_text
from ser_vae.listen.sounds import Sound
from ser_vae.plots.spectrogram import Limits, utterance
from ser_vae.plots.style import png_bytes
from ser_vae.report.page.escaping import environment

DPI = 110
PEAK = 0.9  # of full scale: what a group is amplified to, and nothing in it exceeds


@dataclass(frozen=True)
class Heard:
    """One sound of the page.

    Attributes:
        wav, png: names of files beside the page.
        error: mean distance of the log-mel of what is heard from the frames it was made of: what
            Griffin-Lim alone costs. None for a recording.
        distance: mean distance of the frames from the input's; None of the input itself, and where
            there is none.
        gain_db: by how much it was amplified: like all of its group, or less, if too loud for that.
    """

    said: str
    wav: str
    png: str
    error: float | None
    distance: float | None
    gain_db: float


@dataclass(frozen=True)
class Group:
    """What is to be compared by ear."""

    title: str
    note: str
    gain_db: float
    heard: tuple[Heard, ...]


class Writer:
    """Writes the files of a page into `folder`."""

    def __init__(self, folder: Path, extractor: LogMel, *, synthetic: bool, seed: int) -> None:
        self.folder, self.seed, self.synthetic = folder, seed, synthetic
        plain = {field.name: getattr(extractor, field.name) for field in fields(LogMel)}
        self.extractor = LogMel(**plain | {"trim_db": None})  # nothing is cut from what is decoded

    def group(
        self,
        title: str,
        note: str,
        sounds: Sequence[Sound],
        *,
        shown: Limits,
        recorded: Samples | None,
        compared: bool,
    ) -> Group:
        """Write the sounds of a group, and the recording before them.

        Where they are `compared`, the first is the input that the others are measured against: it
        is amplified to what can be heard well, and the others as much.
        """
        every = [(s, to_waveform(s.frames, self.extractor, self.seed)) for s in sounds]
        if recorded is not None:
            own = Sound("recording", "the recording itself", self.extractor(recorded))
            every.insert(0, (own, recorded))
        gain = PEAK / peak([wave for _, wave in (every[:2] if compared else every)])
        heard = []
        for sound, wave in every:
            name = re.sub(r"[^A-Za-z0-9]+", "-", f"{title} {sound.name}").strip("-")
            own_gain = min(gain, PEAK / peak([wave]))
            self._wav(name, own_gain * wave)
            self._png(name, sound, shown)
            made = wave is not recorded
            error = mean_distance(self.extractor(wave), sound.frames) if made else None
            other = compared and made and sound is not sounds[0]
            distance = mean_distance(sound.frames, sounds[0].frames) if other else None
            files = f"{name}.wav", f"{name}.png"
            heard.append(Heard(sound.said, *files, error, distance, decibels(own_gain)))
        return Group(title, note, decibels(gain), tuple(heard))

    def index(self, title: str, facts: Sequence[str], groups: Sequence[Group]) -> Path:
        """Write index.html, and return where."""
        text = (
            environment("ser_vae.listen")
            .get_template("index.jinja")
            .render(
                title=title,
                facts=facts,
                groups=groups,
                synthetic=SYNTHETIC.capitalize() if self.synthetic else "",
            )
        )
        path = self.folder / "index.html"
        write_text(path, text)
        return path

    def _wav(self, name: str, samples: Samples) -> None:
        stream = io.BytesIO()
        soundfile.write(stream, samples, self.extractor.sample_rate, format="WAV", subtype="PCM_16")
        self._write(self.folder / f"{name}.wav", stream.getvalue())

    def _png(self, name: str, sound: Sound, shown: Limits) -> None:
        mark = ", SYNTHETIC SPEECH" if self.synthetic else ""
        figure = utterance(
            sound.frames,
            shown,
            frame_shift_s=self.extractor.frame_shift,
            title=f"{sound.said}{mark}",
        )
        self._write(self.folder / f"{name}.png", png_bytes(figure, DPI))

    def _write(self, path: Path, content: bytes) -> None:
        try:
            with atomic_write(path) as file:
                file.write(content)
        except OSError as error:
            raise SerVaeError(f"{path} can't be written: {error.strerror}.") from error


def peak(waves: Sequence[Samples]) -> float:
    """The largest sample of all, above 0 in silence too."""
    return max(SILENT, *(float(np.abs(wave).max()) for wave in waves))


def decibels(gain: float) -> float:
    return 20 * math.log10(gain)


def mean_distance(one: Samples, other: Samples) -> float:
    """Mean absolute difference of frames (T, F), as far as both reach, in nats."""
    both = min(len(one), len(other))
    return float(np.abs(one[:both] - other[:both]).mean())
