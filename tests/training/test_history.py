"""The curves of a stage as a table, and whether its loss still fell."""

import numpy as np
import pytest

from ser_vae.training.history import (
    LIMIT,
    budget,
    describe,
    read_budgets,
)


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
def test_only_a_truncated_run_is_flagged(epochs, converged):
    summary = budget(rows(decay(epochs, scale=8)), "pretrain")
    assert summary["converged"] is converged
    assert (summary["epochs"], summary["steps"]) == (epochs, 8 * epochs)


def test_the_last_fall_is_relative_to_the_whole_fall():
    summary = budget(rows([10.0, 8.0, 7.0, 6.5, 6.2, 6.1, 6.1, 6.1, 6.1, 6.1, 6.0]), "pretrain")
    assert summary["last_fall"] == pytest.approx((6.1 - 6.0) / (10 - 6))  # 2 of 11 epochs
    assert summary["converged"] is (LIMIT >= 0.1 / 4)


@pytest.mark.parametrize("losses", [[3.0], [3.0, 3.0, 3.0]])
def test_without_a_fall_nothing_has_converged(losses):
    assert budget(rows(losses), "pretrain")["last_fall"] == 1.0


def test_a_stage_that_has_not_converged_is_described_with_its_budget():
    text = describe("classify", budget(rows([4.0, 2.0, 1.0], "classify"), "classify"))
    assert text.startswith("classify has not converged after 24 steps: ")
    assert "33% of the decrease" in text


def test_stages_without_curves_have_no_budget(tmp_path):
    (tmp_path / "classify.csv").write_text("epoch,step,classify/train/loss\n0,8,2.0\n1,16,1.0\n")
    assert list(read_budgets(tmp_path)) == ["classify"]
