"""The interface of a front end: what turns a waveform into frames.

A class that satisfies `Extractor` can be named in `conf/features/`; nothing outside this package
needs to know which one it is. See `logmel.LogMel`, `logmel_lld.LogMelLLD`, `egemaps.EGeMAPS` and
`ssl.SSL`.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch

from ser_vae.corpus.utterance import Utterance
from ser_vae.features.audio import Samples


class Extractor(Protocol):
    """A frozen dataclass whose fields are its settings; callable from several threads at once."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def sample_rate(self) -> int:
        """Sample rate of the expected waveform, in Hz."""

    @property
    def frame_shift_s(self) -> float:
        """Seconds between the starts of two frames; infinite if an utterance gives one row."""

    @property
    def names(self) -> Sequence[str]:
        """Name of each of the F columns."""

    def __call__(self, waveform: Samples, /) -> Samples:
        """Compute the frames: (N,) samples in ±1 -> (T, F) float32.

        Raises:
            TooShortError: the waveform is too short for a single frame.
        """


@runtime_checkable
class Invertible(Extractor, Protocol):
    """An extractor whose first columns are a log-mel spectrogram that can be made audible.

    Only such extractors get spectrogram pictures and listening pages.
    """

    @property
    def spectrogram_bands(self) -> int:
        """Number of leading columns that are the bands of the spectrogram."""

    def invert(self, log_mel: Samples, seed: int) -> Samples:
        """Estimate a waveform: (T, spectrogram_bands) -> (N,); `seed` draws the initial phases."""


@runtime_checkable
class FrameReader(Extractor, Protocol):
    """An extractor that reads frames computed elsewhere, instead of computing them from audio."""

    suffixes: ClassVar[tuple[str, ...]]  # of the files that `read` reads

    def frames_of(self, utterance: Utterance) -> Samples:
        """Read the frames of an utterance of the corpus: (T, F) float32; raises like `read`."""

    def read(self, path: Path) -> Samples:
        """Read the frames of a file that is to be recognised: (T, F) float32.

        Raises:
            AudioError: the file is missing or does not hold such frames.
        """


@contextmanager
def extraction_threads(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of `jobs` threads; in these, and in this one, torch uses one thread each.

    Threads within threads are far slower, and the last bits depend on their number. A new thread
    starts with the number that any thread has set last.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(jobs, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(threads)
