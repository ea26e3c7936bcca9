"""Whether an audio file holds all that it announces, and whether all of it has been read.

libsndfile reads the rest of a truncated file, and a part of some others, without an error.
"""

import io
import logging
import os
import re
from itertools import pairwise
from pathlib import Path

from soundfile import SoundFile

from ser_vae.features import AudioError

FORMATS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3")
TOLERANCE_S = 0.01  # a header may announce this much more, or less, than there is
UNKNOWN_SIZE = 2**31 - 2**16  # bytes; streams announce this size or more
MP3_FRAME = 1152  # samples; where the number is not stated, libsndfile guesses to within a frame
KBIT_PER_S = {  # of MPEG audio layer III, by version: 3 is MPEG-1, 2 and 0 are MPEG-2 and 2.5
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATE_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}

log = logging.getLogger(__name__)


class Endless(io.FileIO):
    """A file that seems to go on, so that libsndfile believes the length that a header states."""

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return super().seek(offset + (2**40 if whence == os.SEEK_END else 0), whence)


def check_complete(path: Path, sound: SoundFile, samples: int, end: int) -> None:
    """Check a file of which `samples` have been read, up to the byte `end`.

    Raises:
        AudioError: there are fewer than it announces, or more.
    """
    announced = sound.frames
    if sound.format == "OGG":
        _check_ogg(path)
    elif sound.format == "MP3":
        announced -= MP3_FRAME
        _check_mp3(path, end)
    elif sound.format != "FLAC":
        samples, announced = _count_samples(path, sound, samples, end)
    if samples < announced:
        raise AudioError(path, f"truncated: {samples:,} of {announced:,} samples can be read")


def _count_samples(path: Path, sound: SoundFile, samples: int, end: int) -> tuple[int, int]:
    """Return how many samples there are, and the least number that the header allows.

    Raises:
        AudioError: more audio follows behind the byte `end`.
    """
    size = path.stat().st_size
    with path.open("rb") as file, Endless(path) as endless:
        announced = SoundFile(endless).frames
        if sound.format == "W64":  # libsndfile reads up to the end, whatever the header states
            file.seek(16)
            stated = int.from_bytes(file.read(8), "little")
            announced, end = samples * stated // size, min(end, stated)
        file.seek(end)
        rest = file.read()
    bytes_per_sample = end / max(samples, 1)
    tolerance = round(TOLERANCE_S * sound.samplerate)
    present = samples * min(end, size) // end  # libsndfile counts an incomplete last block
    if announced > present and announced * bytes_per_sample >= UNKNOWN_SIZE:
        log.warning(
            "%s: its header states no length, so all of it is read: %.2f s; a truncated file would "
            "not be noticed",
            path,
            samples / sound.samplerate,
        )
        announced = present
    is_audio = sound.format == "W64" or not _is_metadata(rest)
    if len(rest) > tolerance * bytes_per_sample and is_audio:
        reason = f"its header announces {samples:,} samples, but {len(rest):,} bytes follow"
        raise AudioError(path, f"{reason}: repair the header")
    return present, announced - tolerance


def _is_metadata(rest: bytes) -> bool:
    """Whether bytes behind the audio are zeros, a tag or a chunk, which may be aligned or not."""
    chunks = (
        re.match(rb"[ -~]{4}", chunk)
        and min(int.from_bytes(chunk[4:8], order) for order in ("little", "big")) <= len(rest)
        for chunk in (rest, rest[1:])
    )
    return rest.startswith(b"TAG") or not rest.strip(b"\0") or any(chunks)


def _check_ogg(path: Path) -> None:
    """Check that the last page is there, and is marked as the last (RFC 3533, section 6)."""
    content = path.read_bytes()
    flags = [flag[0] for flag in re.findall(rb"OggS\0(.)", content, re.DOTALL)]
    page = content[content.rfind(b"OggS\0") :].ljust(27, b"\xff")
    lacing = page[27 : 27 + page[26]]
    if len(page) < 27 + page[26] + sum(lacing) or not flags[-1] & 4:
        raise AudioError(path, "truncated: its last page is incomplete or missing")
    if any(flag & 2 and not before & 2 for before, flag in pairwise(flags)):
        raise AudioError(path, "several recordings; only the first would be read: divide it")


def _check_mp3(path: Path, end: int) -> None:
    content = path.read_bytes()
    if _walk_mp3(content)[1] > len(content):
        raise AudioError(path, "truncated: its last frame is incomplete")
    if (unread := _walk_mp3(content[end:])[0]) > 2:  # the encoder's delay
        raise AudioError(path, f"the last {unread:,} frames would not be read: convert it")


def _walk_mp3(content: bytes) -> tuple[int, int]:
    """Count the frames of MP3 audio, and return where they end, bytes."""
    frames = position = 0
    while header := content[position : position + 10]:
        if header.startswith(b"ID3"):
            size = sum((byte & 127) << 7 * (3 - place) for place, byte in enumerate(header[6:]))
            position += 10 + size
        elif length := _frame_length(header[:4]):
            position, frames = position + length, frames + 1
        else:
            break
    return frames, position


def _frame_length(header: bytes) -> int:
    """Return the size of an MP3 frame in bytes, from its 4-byte header; 0 if that is invalid."""
    bits = int.from_bytes(header, "big")
    version, rate, kbit = bits >> 19 & 3, bits >> 10 & 3, bits >> 12 & 15
    if bits >> 21 != 0x7FF or version == 1 or bits >> 17 & 3 != 1 or rate == 3 or kbit in (0, 15):
        return 0
    samples = 1152 if version == 3 else 576
    kbit_per_s = KBIT_PER_S[3 if version == 3 else 2][kbit]
    return samples * kbit_per_s * 125 // RATE_HZ[version][rate] + (bits >> 9 & 1)
