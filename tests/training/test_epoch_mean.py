"""Means over an epoch, against NumPy on all values at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae.training.stage import EpochMean

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)


def batches(sizes: list[int]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, size, generator=generator) for size in sizes]


def after(values: list[torch.Tensor]) -> EpochMean:
    means = EpochMean(2)
    for batch in values:
        means.update(batch)
    return means


@settings(max_examples=30, deadline=None)
@given(SIZES)
def test_batches_count_by_their_size(sizes):
    values = batches(sizes)
    expected = np.concatenate([batch.numpy() for batch in values], axis=1).mean(axis=1)
    np.testing.assert_allclose(after(values).compute().numpy(), expected, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(SIZES, SIZES)
def test_devices_count_by_what_they_were_given(first, second):
    values = batches([*first, *second])
    one, other = after(values[: len(first)]), after(values[len(first) :])
    one.merge_state(other)
    torch.testing.assert_close(one.compute(), after(values).compute())


def test_a_new_epoch_begins_at_nothing():
    means = after(batches([5]))
    means.reset()
    means.update(torch.tensor([[1.0, 3.0], [5.0, 5.0]]))
    assert means.compute().tolist() == [2.0, 5.0]


def test_a_million_segments_keep_six_digits():
    values = 135 + 40 * torch.randn(2, 1_000_000, generator=torch.Generator().manual_seed(0))
    means = after(list(values.split(1280, dim=1)))
    assert means.compute().tolist() == pytest.approx(values.double().mean(dim=1).tolist(), rel=5e-6)
