"""What W&B's offline files hold, read back: the ground on which an interrupted run is taken up.

W&B's service keeps what it is given in memory, for 15 s as measured (0.31), and loses it when it is
killed: only its file says which epochs are recorded. The file is LevelDB's log of protocol buffers.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

BLOCK, FILE_HEADER, CHUNK_HEADER = 32_768, 7, 7  # bytes
WHOLE, LAST = 1, 4  # kinds of a chunk; others are a message's first or middle one


def records(folder: Path) -> Iterator[Any]:
    """W&B's records of every offline part of the run in `folder`, the oldest first."""
    for file in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        for message in _messages(file.read_bytes()):
            yield wandb_internal_pb2.Record.FromString(message)  # type: ignore[attr-defined]


def _messages(data: bytes) -> Iterator[bytes]:
    """A chunk never crosses a block's end; a message torn by a kill is left out."""
    at, message = FILE_HEADER, b""
    while at + CHUNK_HEADER <= len(data):
        if BLOCK - at % BLOCK < CHUNK_HEADER:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        at += CHUNK_HEADER
        if at + length > len(data):
            return
        message += data[at : at + length]
        at += length
        if kind in (WHOLE, LAST):
            yield message
            message = b""
