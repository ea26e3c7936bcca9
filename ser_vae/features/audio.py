"""Audio file → waveform, and the judgement whether it can be used at all."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from torchaudio.transforms import Resample

from ser_vae.features import AudioError

Samples = npt.NDArray[np.float32]

BLOCK = 2**18  # samples read at a time: a damaged header may promise any number
MOST = 2**29  # samples, 2 GiB, 9 hours of 16 kHz: a small FLAC may unpack to any number
SILENT = 2**-13  # -78 dB of full scale, 4 steps of 16 bits: silence with dither lies below
LOUDEST = 2.0**31  # float files may hold unscaled integers, of up to 32 bits; beyond is damage
CUT_OFF = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)  # bytes
UNKNOWN_SIZE = 2**31 - 2**16  # bytes; written for a stream, in several ways
SLIP = 0.01  # s
RATES_HZ = (4_000, 384_000)  # half of telephone speech, to twice the highest in studios
RATE_STEP_HZ = 25  # all rates in use are multiples; 44,101 Hz would ask for a kernel of gigabytes


@dataclass(frozen=True)
class Inspection:
    """What a file holds; `problem` is why `read` would refuse it, the rest 0 if it won't decode."""

    sample_rate_hz: int
    channels: int
    duration_s: float
    problem: str | None


def read(path: Path, sample_rate_hz: int) -> Samples:
    """Read a file as mono, (N,), at `sample_rate_hz`; integer samples are scaled to ±1.

    Raises:
        AudioError: unreadable, truncated, empty, silent, or with samples that are no numbers.
    """
    samples, original_rate_hz = _decode(path)
    if problem := _problem(samples, original_rate_hz):
        raise AudioError(path, problem)
    mono = _mono(samples)
    if original_rate_hz == sample_rate_hz:
        return mono
    resample = _resampler(original_rate_hz, sample_rate_hz)
    resampled: Samples = resample(torch.from_numpy(mono)).numpy()
    return resampled


def inspect(path: Path) -> Inspection:
    """Judge a file as `read` would, without raising an error."""
    try:
        samples, rate_hz = _decode(path)
    except AudioError as error:
        return Inspection(0, 0, 0.0, error.reason)
    length, channels = samples.shape
    return Inspection(rate_hz, channels, length / rate_hz, _problem(samples, rate_hz))


def _decode(path: Path) -> tuple[Samples, int]:
    """Read all samples, (N, channels), and their rate in Hz."""
    try:
        # by descriptor: the content decides on the format, whatever the name ends in
        with path.open("rb") as file, soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            blocks = [sound.read(BLOCK, dtype="float32", always_2d=True)]
            while len(blocks[-1]) == BLOCK and sum(block.size for block in blocks) <= MOST:
                blocks.append(sound.read(BLOCK, dtype="float32", always_2d=True))
            promised, rate_hz = sound.frames, sound.samplerate
            promised += _cut_off(sound, path.stat().st_size)
    except OSError as error:
        raise AudioError(path, f"cannot be opened: {error.strerror}") from error
    except soundfile.LibsndfileError as error:
        raise AudioError(path, f"cannot be decoded: {error.error_string}") from error
    if sum(block.size for block in blocks) > MOST:
        raise AudioError(path, f"more than {MOST:,} samples: cut it into utterances")
    samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    if len(samples) < promised:
        raise AudioError(path, f"truncated: {len(samples):,} of {promised:,} samples can be read")
    return samples, rate_hz


def _cut_off(sound: soundfile.SoundFile, size: int) -> int:
    """Samples of a WAV file that its header promises and the file ends before; 0 in other formats.

    libsndfile takes what is there, and notes it in its log alone. Less than a frame shift may be
    the writer's slip; a size beyond any is that of a writer who could not know it.
    """
    found = CUT_OFF.search(sound.extra_info) if sound.format in ("WAV", "WAVEX") else None
    if not found:
        return 0
    promised, there = map(int, found.groups())
    lacking = (promised - there) * sound.frames // max(there, 1)
    known = there <= size and promised < UNKNOWN_SIZE
    return lacking if known and lacking > sound.samplerate * SLIP else 0


def _problem(samples: Samples, rate_hz: int) -> str | None:
    """Say why (N, channels) samples can't be used; None if they can."""
    lowest, highest = RATES_HZ
    if not lowest <= rate_hz <= highest or rate_hz % RATE_STEP_HZ:
        return (
            f"sample rate of {rate_hz:,} Hz, expected {lowest:,} to {highest:,} Hz in multiples of "
            f"{RATE_STEP_HZ}: resample it first"
        )
    if not len(samples):
        return "empty: no samples"
    lowest_sample, highest_sample = float(samples.min()), float(samples.max())
    if not np.isfinite([lowest_sample, highest_sample]).all():  # a NaN is both
        return "NaN or infinite samples"
    if (peak := max(-lowest_sample, highest_sample)) > LOUDEST:
        return f"a peak of {peak:.0e}, expected about 1: damaged, or no audio"
    return _silence(_mono(samples))


def _silence(mono: Samples) -> str | None:
    swing = float(np.ptp(mono)) / 2  # an offset is no sound
    if swing >= SILENT:
        return None
    return f"silent: swings by {swing:.1e} of full scale, expected at least {SILENT:.1e}"


def _mono(samples: Samples) -> Samples:
    """Mean over channels: (N, channels) → (N,)."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    mono: Samples = samples.mean(axis=1, dtype=np.float32)
    return mono


@lru_cache(maxsize=16)
def _resampler(original_rate_hz: int, rate_hz: int) -> Resample:
    """Build the kernel of a pair of rates once."""
    return Resample(original_rate_hz, rate_hz)
