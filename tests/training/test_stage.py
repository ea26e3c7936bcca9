"""What the two stages have in common: a loss, named metrics, noise from seed, epoch and step."""

import math
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import lightning
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from ser_vae import SerVaeError
from ser_vae.training.stage import EpochMean, Stage, ignore_known_warnings

ADAM = {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-7}


class Batch(NamedTuple):
    x: Tensor
    loss_scale: float


class Square(Stage):
    """Its loss is (w x)^2; it remembers a random number of each step."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__("toy", ("loss", "size"), seed)
        self.optimizer = dict(ADAM)
        self.w = torch.nn.Parameter(torch.tensor(1.0))
        self.drawn: list[float] = []

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        self.drawn.append(torch.rand(()).item())
        return {"loss": (self.w * batch.x).square(), "size": batch.x.abs()}


def run(stage: Stage, train: list[Batch], validation: list[Batch], epochs: int = 1) -> dict:
    """The metrics of the last epoch."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        ignore_known_warnings()
        stage.folder = Path(folder)
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=1,
            max_epochs=epochs,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
        )
        loader = DataLoader(validation, batch_size=None) if validation else []
        trainer.fit(stage, DataLoader([[each] for each in train], batch_size=None), loader)
    return stage.rows[-1]


def batch(*values: float, loss_scale: float = 1.0) -> Batch:
    return Batch(torch.tensor(values), loss_scale)


def loss_of(stage: Stage, batch: Batch) -> Tensor:
    return stage.mean_loss(batch, stage.train_means)


def test_metrics_are_named_by_stage_part_and_quantity_and_are_means_over_items():
    stage = Square()
    stage.optimizer["lr"] = 0.0
    metrics = run(stage, [batch(1.0, 2.0, 3.0), batch(6.0)], [batch(-2.0), batch(1.0, 1.0)])
    assert metrics == pytest.approx(
        {
            "epoch": 0,
            "step": 2,
            "toy/train/loss": (1 + 4 + 9 + 36) / 4,
            "toy/train/size": 12 / 4,
            "toy/validation/loss": (4 + 1 + 1) / 3,
            "toy/validation/size": 4 / 3,
        }
    )


def test_a_batch_that_keeps_step_counts_for_nothing():
    stage = Square()
    stage.optimizer["lr"] = 0.0
    loss_of(stage, batch(100.0, loss_scale=0.0)).backward()
    assert stage.w.grad.item() == 0.0
    metrics = run(stage, [batch(1.0), batch(100.0, loss_scale=0.0)], [])
    assert metrics["toy/train/loss"] == 1.0


def test_noise_follows_from_seed_epoch_and_step_whatever_was_drawn_before():
    first, again, other = Square(), Square(), Square(seed=1)
    for number, stage in enumerate((first, again, other)):
        torch.manual_seed(number)
        run(stage, [batch(1.0)] * 2, [batch(1.0)], epochs=3)
    assert first.drawn == again.drawn
    assert len(set(first.drawn + other.drawn)) == 2 * 3 * (2 + 1)


def test_noise_of_validation_does_not_depend_on_what_training_drew():
    short, long = Square(), Square()
    run(short, [batch(1.0)], [batch(1.0)])
    run(long, [batch(1.0)] * 3, [batch(1.0)])
    assert short.drawn[-1] == long.drawn[-1]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_loss_that_is_no_number_names_stage_epoch_and_set(value, part):
    sets = ([batch(value)], []) if part == "train" else ([batch(1.0)], [batch(value)])
    with pytest.raises(SerVaeError, match=rf"toy, epoch 0: the {part} loss is {value}\."):
        run(Square(), *sets)


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def epoch_mean(values: list[Tensor]) -> EpochMean:
    means = EpochMean(2)
    for each in values:
        means.update(each)
    return means


@settings(max_examples=30)
@given(SIZES, SIZES)
def test_batches_and_devices_count_by_their_items(first, second):
    values = [torch.randn(2, size) for size in (*first, *second)]
    one, other = epoch_mean(values[: len(first)]), epoch_mean(values[len(first) :])
    one.merge_state(other)
    expected = torch.cat(values, dim=1).double().mean(dim=1)
    np.testing.assert_allclose(one.compute(), expected, atol=1e-6)


def test_spawned_processes_do_not_add_to_the_memory_that_they_share():
    first = EpochMean(2)
    second = EpochMean(2)
    second.total, second.count = first.total, first.count  # as two processes after a spawn
    first.update(torch.ones(2, 3))
    assert second.total.tolist() == [0, 0]
    assert second.count == 0


def test_the_mean_of_a_million_segments_keeps_six_digits():
    values = 135 + 40 * torch.randn(2, 1_000_000)
    mean = epoch_mean(list(values.split(1280, dim=1))).compute()
    assert mean.tolist() == pytest.approx(values.double().mean(dim=1).tolist(), rel=5e-6)
