"""A stage through Lightning: interrupted anywhere, it ends where the whole one does."""

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from fit_stage import CPU, classify_stage, fit_stage, small_lstm, stage_settings
from lightning.pytorch.loggers import Logger
from run_files import assert_same_weights
from torch.utils.data import Dataset

from ser_vae import SerVaeError
from ser_vae.data.batch import Batches, BatchIndex
from ser_vae.data.sets import SegmentSet, SequenceSet
from ser_vae.model.ae import AE
from ser_vae.model.cvae import CVAE
from ser_vae.model.vae import VAE
from ser_vae.training.classify import Classify
from ser_vae.training.fit import LAST, count_epochs
from ser_vae.training.health import draw_segments, epoch_health
from ser_vae.training.history import read_curves
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.stage import Stage

D, K, EPOCHS, BATCH = 12, 3, 4, 16
ADAM = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}
SIZES = {"input_size": D, "num_classes": K, "hidden": [8], "latent": 4, "activation": "relu"}


class InterruptionError(Exception):
    pass


class Watched(Dataset[Any]):
    """Counts its batches; fails at the one numbered `until`, is NaN from `nan_from` on."""

    def __init__(self, dataset: Any, until: float = math.inf, nan_from: float = math.inf) -> None:
        self.dataset, self.until, self.nan_from = dataset, until, nan_from
        self.count = 0

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, pick: BatchIndex) -> Any:
        if self.count == self.until:
            raise InterruptionError
        self.count += 1
        batch = self.dataset[pick]
        return batch._replace(x=batch.x * math.nan) if self.count > self.nan_from else batch


def segments(count: int, seed: int) -> SegmentSet:
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(count) % K
    x = torch.randn(count, D, generator=generator) + label[:, None]
    return SegmentSet(x, torch.eye(K)[label])


def sequences(utterances: int, seed: int) -> SequenceSet:
    generator = torch.Generator().manual_seed(seed)
    count = torch.arange(utterances) % 5 + 1
    rows = torch.randn(int(count.sum()), D, generator=generator)
    label = torch.arange(utterances) % K
    return SequenceSet(rows, count.cumsum(0) - count, count, torch.eye(K)[label], label)


def pretraining(kind: type[AE | VAE | CVAE], *, monitored: bool = True) -> Pretrain:
    settings = SIZES if kind is AE else {**SIZES, "beta": 1.0}
    batch = draw_segments(segments(70, seed=1), 0) if monitored else None
    return Pretrain(kind(**settings), 5, monitored=batch)


def classification() -> Classify:
    classifier = small_lstm(input_size=4, num_classes=K, dropout=0.3)
    encoder = VAE(**SIZES, beta=1.0)
    return classify_stage(classifier, 5, encoder=encoder, encoder_lr=1e-3, sample=True)


def train(stage: Any, data: Any, folder: Path, **changed: Any) -> None:
    settings = {"epochs": EPOCHS, "batch_size": BATCH, "gradient_clip": 5.0, **changed}
    fit_stage(stage, data, folder=folder, **settings)


def loss_curve(folder: Path) -> list[float]:
    return [row["pretrain/train/loss"] for row in read_curves(folder / "pretrain.csv")]


STAGES: dict[str, Callable[[], Stage]] = {
    "VAE": lambda: pretraining(VAE),
    "CVAE": lambda: pretraining(CVAE),
    "classify": classification,
}


def data_for(stage: Stage) -> tuple[Any, Any]:
    """70 items to train on, 5 batches an epoch, and 20 to validate on, 2 batches."""
    made = sequences if isinstance(stage, Classify) else segments
    return made(70, seed=1), made(20, seed=2)


@pytest.mark.parametrize("kind", ["CVAE", "classify"])
@pytest.mark.parametrize(
    ("finished_epochs", "precision"), [(0, "32-true"), (2, "32-true"), (2, "64-true")]
)
def test_an_interrupted_stage_ends_as_the_whole_one(kind, finished_epochs, precision, tmp_path):
    """Broken off in the middle of an epoch, then resumed by a network that starts elsewhere."""
    new, trainer = STAGES[kind], CPU.model_copy(update={"precision": precision})
    whole, broken = new(), new()
    start = copy.deepcopy(whole.state_dict())
    broken.load_state_dict(start)
    data, validation = data_for(whole)
    train(whole, data, tmp_path / "whole", validation=validation, trainer=trainer)
    stopping = Watched(data, until=5 * finished_epochs + 3)
    with pytest.raises(InterruptionError):
        train(broken, stopping, tmp_path / "broken", validation=validation, trainer=trainer)
    resumed = new()
    if finished_epochs == 0:
        resumed.load_state_dict(start)
    train(resumed, data, tmp_path / "broken", validation=validation, trainer=trainer)
    assert_same_weights(resumed.state_dict(), whole.state_dict())
    assert {value.dtype for value in whole.parameters()} == {torch.float32}
    curves = [tmp_path / name / f"{whole.stage}.csv" for name in ("whole", "broken")]
    assert curves[0].read_text() == curves[1].read_text()


def test_a_stage_that_was_finished_is_not_trained_again(tmp_path):
    """Killed between the last epoch and what comes behind it, a run finds the weights."""
    data = segments(70, seed=1)
    finished, again = pretraining(VAE), pretraining(VAE)
    train(finished, data, tmp_path)
    curves = (tmp_path / "pretrain.csv").read_text()
    watched = Watched(data)
    train(again, watched, tmp_path)
    assert_same_weights(again.state_dict(), finished.state_dict())
    assert watched.count == 0
    assert (tmp_path / "pretrain.csv").read_text() == curves


@pytest.mark.parametrize("kind", ["VAE", "classify"])
def test_validation_changes_neither_weights_nor_training_curves(kind, tmp_path):
    without, with_it = STAGES[kind](), STAGES[kind]()
    with_it.load_state_dict(copy.deepcopy(without.state_dict()))
    data, validation = data_for(without)
    train(without, data, tmp_path / "without")
    train(with_it, data, tmp_path / "with", validation=validation)
    assert_same_weights(without.state_dict(), with_it.state_dict())
    rows = [read_curves(tmp_path / name / f"{without.stage}.csv") for name in ("without", "with")]
    for plain, validated in zip(*rows, strict=True):
        assert plain.items() <= validated.items()
        assert validated.keys() - plain.keys() == {
            f"{without.stage}/validation/{quantity}" for quantity in without.quantities
        }


def test_each_epoch_is_logged_once_at_its_optimizer_step(tmp_path):
    """Although Lightning counts chunks of batches; a resumed stage logs all epochs again."""
    for epochs in (2, 3):
        logger = mock.create_autospec(Logger, instance=True)
        train(pretraining(VAE), segments(70, seed=1), tmp_path, epochs=epochs, loggers=[logger])
        expected = read_curves(tmp_path / "pretrain.csv")
        calls = logger.log_metrics.call_args_list
        assert [{**call.args[0], **call.kwargs} for call in calls] == expected
        assert [row["step"] for row in expected] == [5, 10, 15][:epochs]


def test_the_curves_are_the_losses_that_a_plain_loop_finds(tmp_path):
    """Adam and the batches of `data.batch`, with no Lightning; the AE draws no noise."""
    data, stage = segments(70, seed=1), pretraining(AE)
    model = copy.deepcopy(stage.model)
    optimizer = torch.optim.Adam(model.parameters(), **ADAM)
    batches = Batches(70, BATCH, accumulated=1, seed=5, shuffle=True, rank=0, world_size=1)
    expected = []
    for epoch in range(EPOCHS):
        batches.set_epoch(epoch)
        total = 0.0
        for pick in batches:
            batch = data[pick]
            losses = model.loss(batch.x, batch.c)["loss"]
            optimizer.zero_grad()
            losses.mean().backward()
            optimizer.step()
            total += losses.sum().item()
        expected.append(total / 70)
    train(stage, data, tmp_path, gradient_clip=None)
    assert loss_curve(tmp_path) == pytest.approx(expected, rel=1e-5)
    assert expected[-1] < expected[0]


def test_the_gradient_is_clipped_to_the_norm_that_is_given(tmp_path):
    """A large eps, beside which a clipped gradient is small: Adam's steps then show its norm."""
    start, data = pretraining(AE), segments(70, seed=1)
    moved = []
    for bound in (None, 1e-9):
        stage = Pretrain(copy.deepcopy(start.model), 5)
        adam = {**ADAM, "eps": 1e-3}
        train(stage, data, tmp_path / str(bound), gradient_clip=bound, optimizer=adam)
        moved.append((stage.model.to_z.weight - start.model.to_z.weight).abs().max().item())
    assert moved[0] > 1e-3 > moved[1]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_the_size_of_a_chunk_changes_no_bit(precision, tmp_path, monkeypatch):
    start, data = pretraining(CVAE), segments(70, seed=1)
    ends, trainer = [], CPU.model_copy(update={"precision": precision})
    for size in (1, 3, 32):
        monkeypatch.setattr("ser_vae.training.fit.CHUNK", size)
        stage = copy.deepcopy(start)
        train(stage, data, tmp_path / str(size), trainer=trainer, gradient_clip=0.1)
        ends.append(stage.state_dict())
    assert_same_weights(ends[0], ends[1])
    assert_same_weights(ends[0], ends[2])
    curves = [(tmp_path / size / "pretrain.csv").read_text() for size in ("1", "3", "32")]
    assert curves[0] == curves[1] == curves[2]


def test_accumulated_gradients_are_those_of_the_larger_batch(tmp_path):
    """In double precision, clipped; of 70 items the last whole batch has 6, its parts 2 each."""
    start, data = pretraining(AE), segments(70, seed=1)
    ends = []
    for batch_size, steps in ((48, 1), (16, 3)):
        stage = Pretrain(copy.deepcopy(start.model), 5)
        changes = {"precision": "64-true", "accumulate_grad_batches": steps}
        trainer = CPU.model_copy(update=changes)
        train(stage, data, tmp_path / str(steps), batch_size=batch_size, trainer=trainer)
        ends.append(stage.state_dict())
    assert loss_curve(tmp_path / "3") == pytest.approx(loss_curve(tmp_path / "1"), rel=1e-6)
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-6, atol=1e-9)
    rows = read_curves(tmp_path / "3" / "pretrain.csv")
    assert [row["step"] for row in rows] == [2, 4, 6, 8]


@pytest.mark.slow(25)
@pytest.mark.filterwarnings("ignore:.*script_method. is deprecated")  # inside PyTorch
def test_compiled_and_plain_training_go_on_from_each_other(tmp_path):
    """The VAE's noise is the same; a plain stage resumes what a compiled one left."""
    start, data = pretraining(VAE), segments(64, seed=1)
    plain, compiled, resumed = (Pretrain(copy.deepcopy(start.model), 5) for _ in range(3))
    train(plain, data, tmp_path / "plain")
    train(compiled, data, tmp_path / "compiled", epochs=2, compiled=True)
    assert list(compiled.state_dict()) == list(plain.state_dict())
    train(resumed, data, tmp_path / "compiled")
    assert loss_curve(tmp_path / "compiled") == pytest.approx(
        loss_curve(tmp_path / "plain"), rel=1e-4
    )


def test_a_diverged_stage_says_so_and_keeps_the_last_good_epoch(tmp_path):
    data = Watched(segments(70, seed=1), nan_from=7)
    with pytest.raises(SerVaeError, match=r"pretrain, epoch 1: the train loss is nan"):
        train(pretraining(VAE), data, tmp_path)
    assert len(read_curves(tmp_path / "pretrain.csv")) == 1
    saved = torch.load(tmp_path / LAST, weights_only=True)
    assert saved["epoch"] == 0
    assert all(value.isfinite().all() for value in saved["state_dict"].values())


def test_only_the_encoder_learns_at_the_encoders_rate(tmp_path):
    stage = classification()
    stage.encoder_lr = 0.0
    before = copy.deepcopy(stage.state_dict())
    train(stage, sequences(70, seed=1), tmp_path)
    for name, value in stage.state_dict().items():
        assert torch.equal(value, before[name]) == name.startswith("encoder.")


def test_one_bar_names_stage_and_epoch_and_counts_the_steps_of_all_epochs(tmp_path, capsys):
    train(pretraining(AE), segments(70, seed=1), tmp_path / "quiet", epochs=1)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "pretrain" not in printed.err
    train(pretraining(AE), segments(70, seed=1), tmp_path, epochs=2, progress=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "pretrain, epoch 2 of 2, loss" in printed.err
    assert "100%" in printed.err


@pytest.mark.parametrize(
    ("kind", "names"), [(AE, ["relative_error"]), (CVAE, ["relative_error", "kl", "active_units"])]
)
def test_each_epoch_logs_the_health_and_nothing_else_changes(kind, names, tmp_path):
    data = segments(70, seed=1)
    stage, plain = pretraining(kind), pretraining(kind, monitored=False)
    plain.load_state_dict(stage.state_dict())
    train(stage, data, tmp_path / "monitored")
    train(plain, data, tmp_path / "plain")
    assert_same_weights(stage.state_dict(), plain.state_dict())
    rows, without = (read_curves(tmp_path / n / "pretrain.csv") for n in ("monitored", "plain"))
    for row, other in zip(rows, without, strict=True):
        assert list(row) == [*other, *(f"pretrain/health/{name}" for name in names)]
        assert other.items() <= row.items()
    for name, value in epoch_health(stage.model, stage.monitored).items():
        assert rows[-1][f"pretrain/health/{name}"] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("items", "epochs", "steps", "devices", "expected"),
    [
        (340, 30, 0, 1, 30),
        (340, 30, 1_000, 1, 334),  # 3 steps an epoch
        (340, 30, 60, 1, 30),
        (200_000, 30, 10_000, 1, 30),
        (340, 1, 10, 2, 5),
    ],
)
def test_the_larger_of_epochs_and_steps_counts(items, epochs, steps, devices, expected):
    trainer = CPU.model_copy(update={"devices": devices, "strategy": "ddp_spawn"})
    settings = stage_settings(epochs=epochs, steps=steps, batch_size=128)
    assert count_epochs(settings, trainer, items) == expected
