"""Arrays from a stranger: whole or refused, without a pickle and without room for what isn't."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ser_vae import SerVaeError
from ser_vae.evaluation import arrays

KINDS = [
    np.arange(6, dtype=">i4").reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array(0.25),
    np.zeros((0, 3, 4), np.float16),
    np.array(["ünü", ""]),
    np.array([True, False]),
]


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def packed(path: Path, content: bytes, **settings: int) -> Path:
    with zipfile.ZipFile(path, "w", **settings) as archive:
        archive.writestr("a.npy", content)
    return path


@pytest.mark.parametrize("array", KINDS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_an_array_comes_back_as_it_was_written(tmp_path: Path, array: np.ndarray) -> None:
    arrays.write(tmp_path / "a.npz", {"x/0": array})
    found = arrays.read(tmp_path / "a.npz")["x/0"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("size", ["1099511627776", "9" * 300, "2", "0"])
def test_a_promise_that_is_not_kept_is_refused_and_no_room_made_for_it(
    tmp_path: Path, size: str
) -> None:
    content = npy(np.zeros(1)).replace(b"'shape': (1,), }", f"'shape': ({size},), }}".encode())
    path = packed(tmp_path / "a.npz", content)
    tracemalloc.start()
    try:
        with pytest.raises(SerVaeError, match=r"a\.npz is not as a run writes it"):
            arrays.read(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_header_is_never_evaluated(tmp_path: Path) -> None:
    content = npy(np.zeros(1)).replace(b"(1,)", b"[1] ")
    with pytest.raises(SerVaeError, match="without NumPy's header"):
        arrays.read(packed(tmp_path / "a.npz", content))


def test_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=True, x=np.array([{}], dtype=object))
    with pytest.raises(SerVaeError, match="allow_pickle=False"):
        arrays.read(tmp_path / "a.npz")


def test_an_archive_that_is_encrypted_or_packed_in_another_way_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.npz", npy(np.zeros(9)))
    whole = path.read_bytes()
    start = whole.index(b"PK\x01\x02")
    for at, value in ((8, 1), (10, 99)):  # in the directory: a flag, the way of packing
        changed = bytearray(whole)
        changed[start + at] = value
        path.write_bytes(changed)
        with pytest.raises(SerVaeError, match=r"a\.npz is not as a run writes it"):
            arrays.read(path)


@pytest.mark.parametrize("content", [b"", b"PK", npy(np.zeros(3))])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SerVaeError, match=r"a\.npz is not as a run writes it"):
        arrays.read(tmp_path / "a.npz")


def test_words_of_nothing_without_end_are_refused(tmp_path: Path) -> None:
    header = npy(np.array(["a"])).partition(b"\n")[0] + b"\n"
    content = header.replace(b"'<U1'", b"'<U0'").replace(b"(1,), }      ", b"(9999999,), }")
    with pytest.raises(SerVaeError, match="of nothing"):
        arrays.read(packed(tmp_path / "a.npz", content))


@pytest.mark.parametrize("point", [0x110000, 0xFFFFFFFF, 0xD800])
def test_words_of_what_are_no_letters_are_refused(point: int) -> None:
    for order in "<>":
        array = np.array(["a", "b"], f"{order}U1")
        array.view(f"{order}u4")[1] = point
        with pytest.raises(ValueError, match=r"no letters|surrogates"):
            arrays.words(array)


def test_words_are_words_in_either_order_of_bytes() -> None:
    for order in "<>":
        assert arrays.words(np.array(["ünü", "", "🙂"], f"{order}U3")) == ("ünü", "", "🙂")
    assert arrays.words(np.zeros(0)) == ()
