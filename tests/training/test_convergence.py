"""Budgets in steps, and the flag of a stage whose loss still fell."""

import numpy as np
import pytest
from fit_stage import TRAINER, stage_settings

from ser_vae.settings import Trainer
from ser_vae.training.fit import count_epochs
from ser_vae.training.history import LIMIT, budget, describe, read_budgets


def rows(losses: list[float], stage: str = "pretrain") -> list[dict[str, float]]:
    return [
        {"epoch": n, "step": 8 * (n + 1), f"{stage}/train/loss": x} for n, x in enumerate(losses)
    ]


def decay(epochs: int, scale: float) -> list[float]:
    """The first epochs of a loss that falls exponentially to 3."""
    return [float(3 + 5 * np.exp(-n / scale)) for n in range(epochs)]


@pytest.mark.parametrize(
    ("epochs", "converged"), [(4, False), (10, False), (40, True), (200, True)]
)
def test_only_a_truncated_run_is_flagged(epochs: int, converged: bool) -> None:
    summary = budget(rows(decay(epochs, scale=8)), "pretrain")
    assert summary["converged"] is converged
    assert (summary["epochs"], summary["steps"]) == (epochs, 8 * epochs)


def test_the_last_fall_is_relative_to_the_whole_fall() -> None:
    summary = budget(rows([10.0, 8.0, 7.0, 6.5, 6.2, 6.1, 6.1, 6.1, 6.1, 6.1, 6.0]), "pretrain")
    assert summary["last_fall"] == pytest.approx((6.1 - 6.0) / (10 - 6))  # 2 of 11 epochs
    assert summary["converged"] is (LIMIT >= 0.1 / 4)


@pytest.mark.parametrize("losses", [[3.0], [3.0, 3.0, 3.0]])
def test_without_a_fall_nothing_has_converged(losses: list[float]) -> None:
    assert budget(rows(losses), "pretrain")["last_fall"] == 1.0


def test_a_stage_that_has_not_converged_is_described_with_its_budget() -> None:
    text = describe("classify", budget(rows([4.0, 2.0, 1.0], "classify"), "classify"))
    assert text.startswith("classify has not converged after 24 steps: ")
    assert "33% of the whole fall" in text


def test_stages_without_curves_have_no_budget(tmp_path) -> None:
    (tmp_path / "classify.csv").write_text("epoch,step,classify/train/loss\n0,8,2.0\n1,16,1.0\n")
    assert list(read_budgets(tmp_path)) == ["classify"]


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
def test_the_larger_of_epochs_and_steps_counts(
    items: int, epochs: int, steps: int, devices: int, expected: int
) -> None:
    trainer = Trainer(**{**TRAINER, "devices": devices, "strategy": "ddp_spawn"})
    settings = stage_settings(epochs=epochs, steps=steps, batch_size=128)
    assert count_epochs(settings, trainer, items) == expected
