"""The curves of health: logged of each epoch of pretraining, which they do not change."""

from pathlib import Path
from typing import Any

import pytest
import torch
from fit_stage import fit_stage
from lightning.pytorch.loggers import Logger

from ser_vae.data.sets import SegmentBatch, SegmentSet
from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.vae import VAE
from ser_vae.training.health import draw_segments, epoch_health
from ser_vae.training.history import read_curves
from ser_vae.training.pretrain import Pretrain

D, K = 12, 4
SIZES = {"input_size": D, "num_classes": K, "hidden": [8], "latent": 4, "activation": "relu"}
ADAM = {"lr": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8}


class Recording(Logger):
    """A logger that keeps the names of what it is told."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    name = version = None

    def log_metrics(self, metrics: dict[str, float], step: int) -> None:  # noqa: ARG002
        self.told |= metrics.keys()

    def log_hyperparams(self, *_: Any) -> None:
        raise AssertionError


def segments(count: int) -> SegmentSet:
    """Segments that three factors and the label explain."""
    generator = torch.Generator().manual_seed(1)
    factors = torch.randn(count, 3, generator=generator) @ torch.randn(3, D, generator=generator)
    label = torch.arange(count) % K
    return SegmentSet(factors + label[:, None], torch.eye(K)[label])


DATA = segments(300)


def stage_of(kind: Any, seen: SegmentBatch | None) -> Pretrain:
    torch.manual_seed(7)
    settings = SIZES if kind is AE else {**SIZES, "beta": 1.0}
    return Pretrain(kind(**settings), 5, ADAM, monitored=seen)


def train(stage: Pretrain, folder: Path, **changed: Any) -> list[dict[str, float]]:
    fit_stage(stage, DATA, folder=folder, **{"epochs": 2, "batch_size": 50, **changed})
    return read_curves(folder / "pretrain.csv")


@pytest.mark.parametrize(
    ("kind", "names"),
    [(AE, ["relative_error"]), (CVAE, ["relative_error", "kl", "active_units"])],
)
def test_each_epoch_has_its_health_behind_its_losses(kind, names, tmp_path):
    seen, logger = draw_segments(DATA, 0), Recording()
    stage = stage_of(kind, seen)
    rows = train(stage, tmp_path, loggers=[logger])
    columns = [f"pretrain/health/{name}" for name in names]
    losses = [f"pretrain/train/{name}" for name in stage.quantities]
    assert [list(row) for row in rows] == [["epoch", "step", *losses, *columns]] * 2
    assert logger.told.issuperset(columns)
    found = {
        f"pretrain/health/{name}": value for name, value in epoch_health(stage.model, seen).items()
    }
    assert {name: rows[-1][name] for name in columns} == pytest.approx(found, rel=1e-6)
    assert rows[0][columns[0]] > rows[1][columns[0]]


@pytest.mark.parametrize("kind", [AE, VAE, CVAE])
def test_watching_changes_neither_weights_nor_losses(kind, tmp_path):
    plain, seen = stage_of(kind, None), stage_of(kind, draw_segments(DATA, 0))
    without, with_it = train(plain, tmp_path / "plain"), train(seen, tmp_path / "seen")
    pairs = zip(plain.state_dict().items(), seen.state_dict().items(), strict=True)
    assert all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)
    for one, other in zip(without, with_it, strict=True):
        assert one.items() <= other.items()
        assert len(other) > len(one)


def test_the_curves_of_a_resumed_stage_are_those_of_the_whole(tmp_path):
    seen = draw_segments(DATA, 0)
    whole = train(stage_of(VAE, seen), tmp_path / "whole", epochs=3)
    train(stage_of(VAE, seen), tmp_path / "parts", epochs=1)
    assert train(stage_of(VAE, seen), tmp_path / "parts", epochs=3) == whole


@pytest.mark.slow
def test_two_devices_find_what_one_finds_with_their_weights(tmp_path):
    seen = draw_segments(DATA, 0)
    stage = stage_of(VAE, seen)
    trainer = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_spawn"}
    rows = train(stage, tmp_path, trainer=trainer, batch_size=25)
    assert len(rows) == 2
    for name, value in epoch_health(stage.model, seen).items():
        assert rows[-1][f"pretrain/health/{name}"] == pytest.approx(value, rel=1e-5)
