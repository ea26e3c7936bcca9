"""Weights on disk: whole or refused, and never a program."""

import io
import os
import pickle
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.model.ae import AE
from ser_vae.training import weights


def network(latent: int = 3) -> AE:
    return AE(input_size=6, num_classes=4, hidden=[5], latent=latent, activation="relu")


class Malice:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_weights_are_the_same_behind_a_round_trip(tmp_path):
    saved, loaded = network(), network()
    weights.save(saved, tmp_path / "new" / "a.ckpt")
    weights.load(loaded, tmp_path / "new" / "a.ckpt")
    for name, value in saved.state_dict().items():
        assert torch.equal(value, loaded.state_dict()[name])


def test_the_test_of_malice_would_notice_it(tmp_path):
    pickle.loads(pickle.dumps(Malice(tmp_path / "made")))
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("archive", [True, False])
def test_a_file_from_a_stranger_runs_no_code(tmp_path, archive):
    path, made = tmp_path / "a.ckpt", tmp_path / "made"
    state = {**network().state_dict(), "to_z.bias": Malice(made)}
    torch.save(state, path, _use_new_zipfile_serialization=archive)
    with pytest.raises(SerVaeError, match=r"a\.ckpt: expected the weights of a AE"):
        weights.load(network(), path)
    assert not made.exists()


def test_a_bare_pickle_runs_no_code(tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(pickle.dumps(Malice(tmp_path / "made")))
    with pytest.raises(SerVaeError, match="not a whole file"):
        weights.load(network(), path)
    assert not (tmp_path / "made").exists()


def resaved(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Write saved weights with each record of the archive as `change` gives it back."""
    with (
        zipfile.ZipFile(io.BytesIO(saved_bytes())) as whole,
        zipfile.ZipFile(path, "w") as changed,
    ):
        for record in whole.namelist():
            changed.writestr(record, change(record, whole.read(record)))


def test_a_name_without_end_is_refused_in_no_time(tmp_path):
    path = tmp_path / "a.ckpt"
    resaved(path, lambda _, content: content.replace(b"FloatStorage", b"x" * 300_000))
    began = time.process_time()
    with pytest.raises(SerVaeError, match=r"a\.ckpt.*\n"):
        weights.load(network(), path)
    assert time.process_time() - began < 2


def test_a_tensor_that_names_no_file_is_refused(tmp_path):
    """PyTorch ends in an AssertionError."""
    path = tmp_path / "a.ckpt"
    pickled = b"\x80\x02K\x01Q."  # the tensor named 1
    resaved(path, lambda record, content: pickled if "data.pkl" in record else content)
    with pytest.raises(SerVaeError, match=r"a\.ckpt: .* got: saved_id"):
        weights.load(network(), path)


def saved_bytes() -> bytes:
    buffer = io.BytesIO()
    torch.save(network().state_dict(), buffer)
    return buffer.getvalue()


def test_a_file_that_is_cut_short_anywhere_is_refused(tmp_path):
    path, whole = tmp_path / "a.ckpt", saved_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(SerVaeError, match=r"a\.ckpt"):
            weights.load(network(), path)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60))
def test_bytes_that_are_no_weights_are_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(SerVaeError, match=r"a\.ckpt"):
        weights.load(network(), path)


@pytest.mark.parametrize("content", [[1, 2], None, torch.zeros(3), {1: torch.zeros(3)}, {}])
def test_an_archive_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(SerVaeError, match=r"a\.ckpt"):
        weights.load(network(), tmp_path / "a.ckpt")


def test_any_other_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.ckpt", "w") as archive:
        archive.writestr("readme.txt", "no weights")
    with pytest.raises(SerVaeError, match=r"a\.ckpt"):
        weights.load(network(), tmp_path / "a.ckpt")


def test_weights_of_another_size_are_refused(tmp_path):
    weights.save(network(latent=4), tmp_path / "a.ckpt")
    with pytest.raises(SerVaeError, match="of the configured sizes"):
        weights.load(network(), tmp_path / "a.ckpt")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SerVaeError, match=r"a\.ckpt.*No such file"):
        weights.load(network(), tmp_path / "a.ckpt")
