"""A last.ckpt that is damaged or a stranger's: no code of it runs, and the user decides."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from ser_vae import SerVaeError
from ser_vae.data.datamodule import SegmentSet
from ser_vae.model.ae import AE
from ser_vae.training.fit import LAST, fit
from ser_vae.training.history import read
from ser_vae.training.pretrain import Pretrain


class Malice:
    """Unpickled, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def train(folder: Path, *, epochs: int = 2, latent: int = 3) -> Pretrain:
    network = AE(input_size=6, num_classes=4, hidden=[5], latent=latent, activation="relu")
    stage = Pretrain(network, 0, {"lr": 0.01})
    c = torch.eye(4)[torch.arange(8) % 4]
    fit(
        stage,
        SegmentSet(torch.ones(8, 6), c),
        SegmentSet(torch.ones(0, 6), c[:0]),
        folder=folder,
        epochs=epochs,
        batch_size=4,
        gradient_clip=None,
        trainer={"accelerator": "cpu", "devices": 1},
        loggers=[],
        compiled=False,
        progress=False,
    )
    return stage


def refused(folder: Path) -> str:
    with pytest.raises(SerVaeError, match=r"last\.ckpt: training can't go on from this: ") as said:
        train(folder, epochs=3)
    assert "Remove it" in str(said.value)
    assert "force=true" in str(said.value)
    return str(said.value)


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """The folder of a stage of which two epochs are trained."""
    train(tmp_path / "stage")
    return tmp_path / "stage"


@pytest.mark.parametrize("place", ["callbacks", "state_dict", "loops", "anything"])
def test_a_checkpoint_from_a_stranger_runs_no_code(
    interrupted: Path, tmp_path: Path, place: str
) -> None:
    checkpoint = torch.load(interrupted / LAST, weights_only=True)
    checkpoint[place] = {**checkpoint.get(place, {}), "x": Malice(tmp_path / "made")}
    torch.save(checkpoint, interrupted / LAST)
    refused(interrupted)
    assert not (tmp_path / "made").exists()
    torch.load(interrupted / LAST, weights_only=False)
    assert (tmp_path / "made").exists()  # so that the lines above would notice


def test_a_bare_pickle_runs_no_code(interrupted: Path, tmp_path: Path) -> None:
    (interrupted / LAST).write_bytes(pickle.dumps(Malice(tmp_path / "made")))
    assert "not a whole file" in refused(interrupted)
    assert not (tmp_path / "made").exists()


def test_half_a_checkpoint_is_refused_and_without_it_the_stage_starts_over(
    interrupted: Path,
) -> None:
    whole = (interrupted / LAST).read_bytes()
    (interrupted / LAST).write_bytes(whole[: len(whole) // 2])
    refused(interrupted)
    (interrupted / LAST).unlink()
    train(interrupted, epochs=3)
    assert [row["epoch"] for row in read(interrupted / "pretrain.csv")] == [0, 1, 2]


@pytest.mark.parametrize("content", [None, [], {}, {"state_dict": 1}])
def test_values_that_are_no_checkpoint_are_refused(interrupted: Path, content: object) -> None:
    torch.save(content, interrupted / LAST)
    assert "there is no " in refused(interrupted)


def test_a_checkpoint_of_another_network_is_refused(interrupted: Path, tmp_path: Path) -> None:
    train(tmp_path / "other", latent=4)
    (tmp_path / "other" / LAST).replace(interrupted / LAST)
    assert "other sizes" in refused(interrupted)


def test_a_checkpoint_that_is_whole_is_gone_on_from(interrupted: Path) -> None:
    train(interrupted, epochs=3)
    assert [row["epoch"] for row in read(interrupted / "pretrain.csv")] == [0, 1, 2]
