"""The interface of a front end: what turns a waveform into frames.

A class that satisfies `Extractor` can be named in `conf/features/`; nothing outside this package
needs to know which one it is. See `logmel.LogMel`, `logmel_lld.LogMelLLD`, `egemaps.EGeMAPS` and
`ssl.SSL`.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch

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
