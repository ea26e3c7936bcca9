"""How much audio an audio file announces, and whether it is all there.

libsndfile reads the rest of a truncated file without an error, so this module checks the headers.
"""

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

UNKNOWN_SIZE = 2**31 - 2**16  # bytes; streams announce this size or more, or -1
KBIT_PER_S = {  # of MPEG audio layer III, by version: 3 is MPEG-1, 2 and 0 are MPEG-2 and 2.5
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATE_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


class Chunks(NamedTuple):
    """How a container spells its chunks, each of which is a name, a size and content."""

    first: int  # where the first chunk begins, bytes
    name: int  # bytes of a name
    size: str  # `struct` format of a size
    counts_header: bool  # whether the size includes name and size
    align: int  # chunks begin at multiples of it
    audio: bytes  # how the name of the chunk with the samples begins


CHUNKS = {
    b"RIFF": Chunks(12, 4, "<I", False, 2, b"data"),
    b"RIFX": Chunks(12, 4, ">I", False, 2, b"data"),
    b"RF64": Chunks(12, 4, "<I", False, 2, b"data"),
    b"riff": Chunks(40, 16, "<q", True, 8, b"data"),  # Sony Wave64
    b"FORM": Chunks(12, 4, ">I", False, 2, b"SSND"),  # AIFF
    b"caff": Chunks(8, 4, ">q", False, 1, b"data"),
}


class Audio(NamedTuple):
    """The bytes of audio in a file."""

    announced: int | None  # bytes; None if the header does not state it, as for a stream
    present: int  # bytes, up to the end of the file
    followed: bool  # whether the announced bytes may be followed by something other than audio


def find_audio(file: BinaryIO, size: int) -> Audio | None:
    """Find the samples of a file of `size` bytes; None if its container states no size.

    Reads WAV, RF64, Wave64, AIFF, AU, CAF and NIST SPHERE.
    """
    magic = _read(file, 0, 4)
    if magic in (b".snd", b"dns."):
        start, announced = struct.unpack(f"{'>' if magic == b'.snd' else '<'}II", _read(file, 4, 8))
        return _audio(announced, size - start, _is_padding(file, start + announced))
    if magic == b"NIST":
        return _sphere(file, size)
    if magic not in CHUNKS:
        return None
    layout, long_size = CHUNKS[magic], None
    for name, start, chunk_size in _chunks(file, layout, layout.first, size):
        if name == b"ds64":  # the sizes of an RF64 file
            long_size = struct.unpack("<8xq", _read(file, start, 16))[0]
        if name.startswith(layout.audio):
            announced = chunk_size if long_size is None else long_size
            end = start + announced
            return _audio(announced, size - start, _chunks_follow(file, layout, end, size))
    return None


def find_defect(file: BinaryIO, size: int) -> str | None:
    """Return what is missing in an Ogg or MP3 file; None if nothing is, or it is neither."""
    magic = _read(file, 0, 4)
    if magic == b"OggS":
        return _ogg_end(file, size)
    if magic[:3] == b"ID3" or _frame_length(magic):
        return _mp3_end(file, size)
    return None


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count).ljust(count, b"\0")


def _audio(announced: int, present: int, followed: bool) -> Audio:
    unknown = announced <= 0 < present or (announced >= UNKNOWN_SIZE and announced > present)
    return Audio(None if unknown else announced, present, followed)


def _chunks(
    file: BinaryIO, layout: Chunks, position: int, end: int
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start of the content and size of each chunk before `end`, in bytes."""
    header = layout.name + struct.calcsize(layout.size)
    while position + header <= end:
        content = _read(file, position, header)
        if not content.strip(b"\0"):  # padding
            return
        size = struct.unpack(layout.size, content[layout.name :])[0]
        size -= header if layout.counts_header else 0
        yield content[: layout.name], position + header, size
        position += header + max(size, 0)
        position += -position % layout.align


def _chunks_follow(file: BinaryIO, layout: Chunks, position: int, end: int) -> bool:
    """Whether only chunks, tags or zeros follow; some writers forget to align the first."""
    return any(
        all(
            re.fullmatch(rb"[ -~]{4}", name[:4]) and 0 <= size <= end - start
            for name, start, size in _chunks(file, layout, first, end)
        )
        for first in (position + -position % layout.align, position)
    ) or _is_padding(file, position)


def _is_padding(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    rest = file.read(2**20)
    return rest[:3] == b"TAG" or not rest.strip(b"\0")


def _sphere(file: BinaryIO, size: int) -> Audio | None:
    """Read the header of a NIST SPHERE file: its length, and lines such as `sample_count -i 9`."""
    header = _read(file, 0, 1024)
    values = {name: int(value) for name, value in re.findall(rb"(?m)^(\w+) -i (\d+)$", header)}
    start = re.match(rb"NIST_1A\n *(\d+)\n", header)
    if start is None or b"sample_count" not in values:
        return None
    frame = values.get(b"channel_count", 1) * values.get(b"sample_n_bytes", 1)
    announced, begin = values[b"sample_count"] * frame, int(start[1])
    return _audio(announced, size - begin, _is_padding(file, begin + announced))


def _ogg_end(file: BinaryIO, size: int) -> str | None:
    """Walk over the pages, the last of which is marked in every stream (RFC 3533, section 6)."""
    position, ended, open_streams = 0, False, set[bytes]()
    while (header := _read(file, position, 27)).startswith(b"OggS"):
        lacing = _read(file, position + 27, header[26])
        position += 27 + len(lacing) + sum(lacing)
        if position > size:
            return "truncated: its last page is incomplete"
        if header[5] & 2 and ended and not open_streams:
            return "several recordings; only the first would be read: divide it"
        open_streams.add(header[14:18])
        if header[5] & 4:
            open_streams.remove(header[14:18])
            ended = True
    return "truncated: its last page is missing" if open_streams else None


def _frame_length(header: bytes) -> int:
    """Return the size of an MP3 frame in bytes, from its 4-byte header; 0 if that is invalid."""
    bits = int.from_bytes(header, "big")
    version, rate, kbit = bits >> 19 & 3, bits >> 10 & 3, bits >> 12 & 15
    if bits >> 21 != 0x7FF or version == 1 or bits >> 17 & 3 != 1 or rate == 3 or kbit in (0, 15):
        return 0
    samples = 1152 if version == 3 else 576
    kbit_per_s = KBIT_PER_S[3 if version == 3 else 2][kbit]
    return samples * kbit_per_s * 125 // RATE_HZ[version][rate] + (bits >> 9 & 1)


def _tag_length(header: bytes) -> int:
    """Return the size of an ID3v2 tag in bytes, from its 10-byte header; 0 if that is invalid."""
    size = sum((byte & 127) << 7 * (3 - place) for place, byte in enumerate(header[6:]))
    return 10 + size if header.startswith(b"ID3") else 0


def _mp3_end(file: BinaryIO, size: int) -> str | None:
    """Walk over the frames, and compare their number with that in the first one, if it is there."""
    position, frames, bit_rates, announced = 0, 0, set(), 0
    while length := _tag_length(header := _read(file, position, 10)) or _frame_length(header[:4]):
        if header.startswith(b"ID3"):
            position += length
            continue
        if not frames:
            first = _read(file, position, min(length, 64))
            for name, offset in ((b"Xing", 8), (b"Info", 8), (b"VBRI", 14)):
                if name in first:
                    place = position + first.index(name) + offset
                    announced = int.from_bytes(_read(file, place, 4), "big")
        position, frames = position + length, frames + 1
        bit_rates.add(header[2] >> 4)
        if position > size:
            return "truncated: its last frame is incomplete"
    if frames < announced:
        return f"truncated: {frames:,} of {announced:,} frames are there"
    if frames > announced + 2 and announced:  # it may count itself, and the encoder's delay
        return f"{frames:,} frames; only {announced:,} would be read: convert it"
    if not announced and len(bit_rates) > 1:
        return "its bit rate varies and it does not state its length: convert it"
    return None
