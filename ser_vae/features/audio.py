"""Audio file -> waveform at a sample rate, and the check whether it can be used at all."""

import hashlib
import logging
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import torch

from ser_vae import SerVaeError
from ser_vae.features import AudioError
from ser_vae.features.container import Audio, find_audio, find_defect

try:
    from torchaudio.transforms import Resample
except (ImportError, OSError, RuntimeError) as error:  # what a library of another build raises
    raise SerVaeError(
        f"torch {version('torch')} and torchaudio {version('torchaudio')} are not built for one "
        f"another: {error}.\nInstall a pair: pip install --constraint constraints.txt ser_vae"
    ) from error

log = logging.getLogger(__name__)

Samples = npt.NDArray[np.float32]
Clip = tuple[float, float]  # start and end in a file, s

BLOCK = 2**20  # samples read at a time: 66 s at 16 kHz, 22 s at 48 kHz
SILENT = 2**-13  # -78 dB of full scale, 4 steps of 16 bits: silence with dither is below
UNSCALED = 100.0  # an array of floats beyond this is probably not in ±1
MAX_PEAK = 2.0**31  # float files may hold unscaled 32-bit integers; beyond, they are damaged
MP3_FRAME = 1152  # samples; where the number is not stated, libsndfile guesses to within a frame
# Whether a file is complete can be checked in these formats.
FORMATS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST", "FLAC", "OGG", "MP3")
TOLERANCE_S = 0.01  # a header may announce this much more than there is
RATES_HZ = (4_000, 384_000)  # half of telephone speech, to twice the highest in studios
SAMPLES = Path("samples")  # the name of an array in messages
RATE_STEP_HZ = 25  # of the resampler, whose kernel would need gigabytes for 44,101 Hz


@dataclass(frozen=True)
class Inspection:
    """Description of a file; `problem` is why `read` raises; the rest is 0 if undecodable."""

    sample_rate_hz: int
    channels: int
    duration_s: float
    problem: str | None
    level_db: float = 0.0  # root mean square, relative to full scale
    peak: float = 0.0  # largest absolute sample; full scale is 1
    samples_digest: str = ""  # SHA-256 of the decoded samples, mono: equal in any lossless format


def read(path: Path, sample_rate_hz: int, clip: Clip | None = None) -> Samples:
    """Read a file, or a clip of it, as mono (N,) at `sample_rate_hz`.

    Integer samples are scaled to ±1.

    Raises:
        AudioError: unreadable, truncated, empty or silent, or with NaN or infinite samples.
    """
    (waveform,) = _resample(_check([decode(path, clip)], path), sample_rate_hz)
    return waveform


def inspect(path: Path, clip: Clip | None = None) -> Inspection:
    """Check a file, or a clip of it, as `read` does, without raising an error."""
    known = (0, 0, 0.0)
    try:
        samples, rate_hz = decode(path, clip)
        known = rate_hz, samples.shape[1], len(samples) / rate_hz
        ((mono, _),) = _check([(samples, rate_hz)], path)
    except AudioError as error:
        return Inspection(*known, error.reason)
    power = float(np.mean(np.square(mono, dtype=np.float64)))
    return Inspection(
        *known,
        problem=None,
        level_db=10 * math.log10(power),
        peak=float(np.abs(samples).max()),
        samples_digest=hashlib.sha256(np.ascontiguousarray(mono).data).hexdigest(),
    )


def blocks(
    source: Path | npt.NDArray[Any],
    sample_rate_hz: int,
    *,
    rate_hz: int = 0,
    clip: Clip | None = None,
) -> Iterator[Samples]:
    """Yield what `read` returns in blocks, so that hours of audio need little memory.

    A file of up to `BLOCK` samples is a single block, the same as `read` returns to the bit.

    Args:
        source: a file; or samples (N,) or (N, channels), integers of up to 32 bits or in ±1.
        sample_rate_hz: of the blocks.
        rate_hz: of the samples if `source` is an array.
        clip: start and end of what to read, s; None for all of it.

    Raises:
        AudioError: as `read` does; after the last block if it is silence or an early end.
    """
    if isinstance(source, Path):
        raw, name = _decode_blocks(source, clip), source
    else:
        raw, name = _cut_blocks(source, rate_hz, clip), SAMPLES
    yield from _resample(_check(raw, name), sample_rate_hz)


def _cut_blocks(
    samples: npt.NDArray[Any], rate_hz: int, clip: Clip | None
) -> Iterator[tuple[Samples, int]]:
    """Cut an array into blocks (n, channels), integers scaled to ±1 as those of files are."""
    samples = np.asarray(samples)
    integer = samples.dtype.kind in "iu" and samples.itemsize <= 4
    transposed = samples.ndim == 2 and 0 < samples.shape[0] < samples.shape[1]
    if samples.ndim not in (1, 2) or transposed or not (integer or samples.dtype.kind == "f"):
        expected = "(N,) or (N, channels), integers of up to 32 bits or floats in ±1"
        raise AudioError(SAMPLES, f"{samples.dtype}, shape {samples.shape}; expected {expected}")
    if not rate_hz:
        raise AudioError(SAMPLES, "expected their rate in Hz, such as rate=16000")
    columns = samples[:, None] if samples.ndim == 1 else samples
    if clip:
        begin, end = _clip_samples(clip, rate_hz, SAMPLES)
        if end > len(columns) + TOLERANCE_S * rate_hz:
            raise AudioError(SAMPLES, f"they end after {len(columns) / rate_hz:g} s, before {clip}")
        columns = columns[begin:end]
    if not integer and columns.size and max(columns.max(), -columns.min()) > UNSCALED:
        log.warning("samples up to %.0f; expected ±1: divide by 32768, say", np.abs(columns).max())
    centre, scale = 0.0, 1.0
    if integer:
        limits = np.iinfo(samples.dtype)  # unsigned integers are centred at half their range
        centre, scale = (limits.max + limits.min + 1) / 2, (limits.max - limits.min + 1) / 2
    for start in range(0, max(len(columns), 1), BLOCK):
        block = (columns[start : start + BLOCK] - centre) / scale
        yield block.astype(np.float32), rate_hz


def _clip_samples(clip: Clip, rate_hz: int, name: Path) -> tuple[int, int]:
    """Return where a clip begins and ends, in samples."""
    if not 0 <= clip[0] < clip[1] < math.inf:
        raise AudioError(name, f"clip {clip}: expected start and end in s, start before end")
    return round(clip[0] * rate_hz), round(clip[1] * rate_hz)


def _check(raw: Iterable[tuple[Samples, int]], name: Path) -> Iterator[tuple[Samples, int]]:
    """Yield blocks (n, channels) as mono (n,).

    Raises:
        AudioError: they cannot be used; after the last block if all of them are silent.
    """
    extremes: list[np.float32] = []
    for samples, source_hz in raw:
        rate_hz = rounded_rate(source_hz, name)
        if len(samples):
            peak = max(abs(samples.min()), abs(samples.max()))  # NaN if a sample is
            if not peak <= MAX_PEAK:
                reason = f"NaN, infinite or huge samples, up to {peak:.0e}: damaged, or not audio"
                raise AudioError(name, reason)
            mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(1, dtype=np.float32)
            extremes += [mono.min(), mono.max()]
            yield mono, rate_hz
    if not extremes:
        raise AudioError(name, "empty: no samples")
    amplitude = (max(extremes) - min(extremes)) / 2  # a constant offset is inaudible
    if amplitude < SILENT:
        reason = f"silent: amplitude {amplitude:.1e} of full scale, expected at least {SILENT:.1e}"
        raise AudioError(name, reason)


def rounded_rate(rate_hz: int, name: Path = SAMPLES) -> int:
    """Round a sample rate for the resampler: 24,425 Hz for TESS's 24,414 Hz.

    Raises:
        AudioError: no speech is recorded at such a rate; `name` is that of the file.
    """
    lowest, highest = RATES_HZ
    if not lowest <= rate_hz <= highest:
        reason = f"sample rate of {rate_hz:,} Hz, expected {lowest:,} to {highest:,} Hz"
        raise AudioError(name, f"{reason}: resample it first")
    return round(rate_hz / RATE_STEP_HZ) * RATE_STEP_HZ


def _resample(blocks: Iterable[tuple[Samples, int]], target_hz: int) -> Iterator[Samples]:
    """Resample consecutive blocks as if they were one waveform; a single block all at once."""
    by_block, waiting = None, np.empty(0, np.float32)
    for block, rate_hz in blocks:
        if rate_hz == target_hz:
            yield block
        elif by_block is None:
            by_block, waiting = BlockResampler(rate_hz, target_hz), block
        else:
            yield by_block.push(waiting)
            waiting = block
    if by_block is not None:
        yield by_block.finish(waiting)


def decode(path: Path, clip: Clip | None = None) -> tuple[Samples, int]:
    """Read all samples (N, channels), or those of a clip, and their rate in Hz.

    Raises:
        AudioError: unreadable or truncated.
    """
    blocks, rates = zip(*_decode_blocks(path, clip), strict=True)
    return np.concatenate(blocks), rates[0]


def _decode_blocks(path: Path, clip: Clip | None) -> Iterator[tuple[Samples, int]]:
    """Yield blocks of up to `BLOCK` samples (n, channels), at least one, and their rate in Hz."""
    try:
        # by descriptor, so that the content determines the format, not the extension
        with path.open("rb", buffering=0) as file:
            length = path.stat().st_size
            audio = find_audio(file, length)
            if defect := find_defect(file, length):
                raise AudioError(path, defect)
            file.seek(0)
            with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
                _check_container(path, sound, audio)
                rate_hz = sound.samplerate
                begin, end = _clip_samples(clip, rate_hz, path) if clip else (0, sys.maxsize)
                position = 0
                if clip and sound.format not in ("MP3", "OGG"):
                    # after a seek, a lossy decoder needs some frames to give the same samples again
                    position = sound.seek(min(begin, sound.frames))
                while True:
                    wanted = min(BLOCK, end - position)
                    block = sound.read(wanted, dtype="float32", always_2d=True)
                    position += len(block)
                    yield block[max(0, len(block) - (position - begin)) :], rate_hz
                    if len(block) < wanted or position >= end:
                        break
                if clip is None:
                    announced = sound.frames - (MP3_FRAME if sound.format == "MP3" else 0)
                else:
                    announced = end - begin - round(TOLERANCE_S * rate_hz)
    except OSError as error:
        raise AudioError(path, f"cannot be opened: {error.strerror}") from error
    except soundfile.LibsndfileError as error:
        raise AudioError(path, f"cannot be decoded: {error.error_string}") from error
    if (read := max(0, position - begin)) < announced:
        raise AudioError(path, f"truncated: {read:,} of {announced:,} samples can be read")


def _check_container(path: Path, sound: soundfile.SoundFile, audio: Audio | None) -> None:
    """Compare what a file holds with what its header announces.

    A difference below TOLERANCE_S is the writer's mistake.

    Raises:
        AudioError: it holds less, or more that is not announced, or its format cannot be checked.
    """
    if sound.format not in FORMATS:
        raise AudioError(path, f"format {sound.format}, expected {', '.join(FORMATS)}: convert it")
    if audio is None:
        return
    duration_s = max(sound.frames / sound.samplerate, TOLERANCE_S)
    tolerance = min(audio.present, audio.announced or 0) / duration_s * TOLERANCE_S
    if audio.announced is None:
        log.warning(
            "%s: its header states no length, so all of it is read: %.2f s; a truncated file would "
            "not be noticed",
            path,
            duration_s,
        )
    elif audio.announced - audio.present > tolerance:
        counts = f"{audio.present:,} of {audio.announced:,} bytes of audio are there"
        raise AudioError(path, f"truncated: {counts}")
    elif audio.present - audio.announced > tolerance and not audio.followed:
        counts = f"{audio.announced:,} bytes of audio, but {audio.present:,} are there"
        raise AudioError(path, f"its header announces {counts}: repair the header")


@lru_cache(maxsize=16)
def resampler(rate: int, new_rate: int) -> Resample:
    """Return the resampler of a pair of rates, whose kernel is computed once."""
    return Resample(rate, new_rate)


class BlockResampler:
    """Resamples a waveform in blocks, with the same result as `torchaudio` on all of it.

    It works in steps: the shortest durations with whole numbers of samples at both rates. As the
    filter reaches `width` samples beyond a step on both sides, `context` earlier steps are kept,
    and a step waits for the samples after it.
    """

    def __init__(self, rate: int, new_rate: int) -> None:
        common = math.gcd(rate, new_rate)
        self.old, self.new = rate // common, new_rate // common  # samples in a step
        self.resample = resampler(rate, new_rate)
        self.context = -(-self.resample.width // self.old)
        self.samples = np.zeros(0, np.float32)
        self.done = 0  # steps at the start of `samples` that have been returned

    def push(self, samples: Samples, wanted: int = 1) -> Samples:
        """Add samples; return the complete steps, or nothing if they have fewer than `wanted`.

        Waiting costs less than resampling many small blocks.
        """
        self.samples = np.concatenate([self.samples, samples])
        complete = (len(self.samples) - self.resample.width) // self.old
        if (complete - self.done) * self.new < wanted:
            return self.samples[:0]
        resampled = self._resampled()[: (complete - self.done) * self.new]
        self.done = min(complete, self.context)
        self.samples = self.samples[(complete - self.done) * self.old :].copy()
        return resampled

    def finish(self, samples: Samples | None = None) -> Samples:
        """Add samples; return those of the last steps, as if silence followed."""
        if samples is not None:
            self.samples = np.concatenate([self.samples, samples])
        return self._resampled()

    def _resampled(self) -> Samples:
        """Resample what was not returned; its end lacks the samples that follow."""
        resampled: Samples = self.resample(torch.from_numpy(self.samples)).numpy()
        return resampled[self.done * self.new :]
