"""W&B's offline files: LevelDB's log, of which a kill may leave a part."""

import struct
import zlib
from pathlib import Path

import pytest
from wandb.proto import wandb_internal_pb2

from ser_vae.logger import offline
from ser_vae.logger.epochs import in_files
from ser_vae.logger.wandb import FLAWS

BLOCK, HEADER = 32_768, 7
FULL, FIRST, MIDDLE, END = 1, 2, 3, 4


def log_of(messages: list[bytes]) -> bytes:
    """Written as LevelDB's documentation of its log format says, after W&B's seven bytes."""
    data = bytearray(b":W&B\xe1\xbe\x00")
    for message in messages:
        rest, begun = message, False
        while True:
            room = BLOCK - len(data) % BLOCK
            if room < HEADER:
                data += bytes(room)
                continue
            chunk, rest = rest[: room - HEADER], rest[room - HEADER :]
            kind = (MIDDLE if rest else END) if begun else (FIRST if rest else FULL)
            data += struct.pack("<IHB", zlib.crc32(chunk), len(chunk), kind) + chunk
            begun = True
            if not rest:
                break
    return bytes(data)


def written(folder: Path, data: bytes) -> Path:
    part = folder / "wandb" / "offline-run-20260101_000000-x"
    part.mkdir(parents=True)
    (part / "run-x.wandb").write_bytes(data)
    return folder


def numbered(number: int, size: int) -> bytes:
    record = wandb_internal_pb2.Record(num=number, uuid="u" * size)
    return bytes(record.SerializeToString())


def test_messages_of_any_length_are_read_back(tmp_path: Path) -> None:
    sizes = [1, 40_000, 100_000, 3, *([700] * 200)]
    messages = [numbered(number, size) for number, size in enumerate(sizes, 1)]
    read = list(offline.records(written(tmp_path, log_of(messages))))
    assert [record.num for record in read] == list(range(1, len(sizes) + 1))
    assert [len(record.uuid) for record in read] == sizes


def test_a_message_that_a_kill_tore_is_left_out(tmp_path: Path) -> None:
    whole = log_of([numbered(1, 50), numbered(2, 50)])
    read = list(offline.records(written(tmp_path, whole[:-20])))
    assert [record.num for record in read] == [1]


def test_nothing_recorded_is_no_error(tmp_path: Path) -> None:
    assert list(offline.records(tmp_path)) == []


def test_a_record_of_an_epoch_without_end_is_one_of_the_flaws_that_a_run_survives(
    tmp_path: Path,
) -> None:
    record = wandb_internal_pb2.Record(num=1)
    record.history.item.add(key="epoch", value_json="1e999")
    data = log_of([bytes(record.SerializeToString())])
    with pytest.raises(FLAWS):
        in_files(offline.records(written(tmp_path, data)))
