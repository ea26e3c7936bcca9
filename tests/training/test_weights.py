"""Weights and checkpoints on disk: complete or refused, and never a program."""

import io
import os
import pickle
import warnings
from pathlib import Path

import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.model.ae import AE
from ser_vae.training import weights


def network(latent: int = 3) -> AE:
    return AE(input_size=6, num_classes=4, hidden=[5], latent=latent, activation="relu")


class Malicious:
    """Unpickling it creates a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def serialised(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def load_weights(path: Path) -> None:
    weights.load(network(), path)


def check_checkpoint(path: Path) -> None:
    weights.load(network(), path, checkpoint=True)


READERS = pytest.mark.parametrize("read", [load_weights, check_checkpoint])


@READERS
@pytest.mark.parametrize("bare", [True, False])
def test_nothing_in_a_file_is_executed(read, bare, tmp_path):
    state = {"state_dict": network().state_dict(), "x": Malicious(tmp_path / "made")}
    content = pickle.dumps(state) if bare else serialised(state)
    (tmp_path / "a.ckpt").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch, about the pickle protocol
        with pytest.raises(SerVaeError, match=r"a\.ckpt: "):
            read(tmp_path / "a.ckpt")
    assert not (tmp_path / "made").exists()


@READERS
def test_a_truncated_file_is_refused(read, tmp_path):
    path, whole = tmp_path / "a.ckpt", serialised({"state_dict": network().state_dict()})
    for length in range(0, len(whole), 101):
        path.write_bytes(whole[:length])
        with pytest.raises(SerVaeError, match=r"a\.ckpt"):
            read(path)


@READERS
@pytest.mark.parametrize("content", [None, torch.zeros(3), {}, {"state_dict": 1}])
def test_other_values_are_refused(read, content, tmp_path):
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(SerVaeError, match=r"a\.ckpt"):
        read(tmp_path / "a.ckpt")


def test_weights_of_another_size_are_refused(tmp_path):
    weights.save(network(latent=4), tmp_path / "a.ckpt")
    with pytest.raises(SerVaeError, match="of the configured sizes"):
        load_weights(tmp_path / "a.ckpt")
    torch.save({"state_dict": network(latent=4).state_dict()}, tmp_path / "last.ckpt")
    with pytest.raises(SerVaeError, match=r"of the configured sizes.*\n.*Remove it.*force=true"):
        check_checkpoint(tmp_path / "last.ckpt")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SerVaeError, match=r"a\.ckpt.*No such file"):
        load_weights(tmp_path / "a.ckpt")
