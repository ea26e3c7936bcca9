"""Batches: what each device is given, for any number of items and devices."""

import math
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae.data.batch import Batches, BatchIndex

MANY = settings(max_examples=150, deadline=None)
SIZES, SEEDS, EPOCHS = st.integers(1, 9), st.integers(0, 2**56 - 1), st.integers(0, 1000)


def picks(count: int, size: int, *, epoch: int = 0, **of: Any) -> list[BatchIndex]:
    usual = {"accumulated": 1, "seed": 0, "shuffle": True, "rank": 0, "world_size": 1}
    batches = Batches(count, size, **{**usual, **of})
    batches.set_epoch(epoch)
    found = list(batches)
    assert len(found) == len(batches)
    return found


def order(batches: list[BatchIndex]) -> list[int]:
    return torch.cat([pick.items for pick in batches]).tolist()


def lengths(count: int) -> torch.Tensor:
    return torch.arange(count).flip(0) % 97


@MANY
@given(st.integers(1, 400), SIZES, st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_what_devices_accumulate_is_a_whole_batch_of_one_device(count, size, devices, steps, by):
    """Its gradient too, as Lightning adds it up: the mean over devices, divided by the steps."""
    length = lengths(count) if by else None
    loss = torch.randn(count, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    of = {"world_size": devices, "accumulated": steps, "length": length}
    each = [picks(count, size, rank=rank, **of) for rank in range(devices)]
    whole = picks(count, size * devices * steps, length=length)
    assert sorted(order(whole)) == list(range(count))
    assert len(whole) == math.ceil(count / (size * devices * steps))
    assert {len(own) for own in each} == {len(whole) * steps}
    for number, one in enumerate(whole):
        window = slice(number * steps, (number + 1) * steps)
        parts = [part for own in each for part in own[window]]
        assert all(1 <= len(part.items) <= size for part in parts)
        together = [i for part in parts if part.loss_scale for i in part.items.tolist()]
        assert sorted(together) == sorted(one.items.tolist())
        summed = sum(loss[part.items].mean() * part.loss_scale for part in parts) / devices / steps
        torch.testing.assert_close(summed, loss[one.items].mean())


@MANY
@given(SEEDS, EPOCHS)
def test_the_order_follows_from_seed_and_epoch(seed, epoch):
    def drawn(seed: int, epoch: int) -> list[int]:
        return order(picks(60, 7, seed=seed, epoch=epoch))

    assert drawn(seed, epoch) == drawn(seed, epoch)
    assert drawn(seed, epoch) != drawn(seed, epoch + 1)
    assert drawn(seed, epoch) != drawn(seed + 1, epoch)


def test_the_order_is_the_same_on_every_machine():
    assert order(picks(8, 3, seed=0)) == [2, 4, 3, 6, 5, 0, 1, 7]


def test_without_shuffling_items_come_in_order_in_every_epoch():
    for epoch in range(2):
        ordered = picks(7, 3, epoch=epoch, shuffle=False)
        assert [pick.items.tolist() for pick in ordered] == [[0, 1, 2], [3, 4, 5], [6]]


def test_sorting_by_length_spares_most_of_the_padding_and_draws_anew_each_epoch():
    length = lengths(4000)
    batches, another = (picks(4000, 32, length=length, epoch=epoch) for epoch in (0, 1))
    longest = sum(int(length[pick.items].max()) * len(pick.items) for pick in batches)
    plain = sum(int(length[pick.items].max()) * len(pick.items) for pick in picks(4000, 32))
    assert plain > 1.8 * length.sum()
    assert longest < 1.15 * length.sum()
    assert {tuple(sorted(p.items.tolist())) for p in batches}.isdisjoint(
        tuple(sorted(p.items.tolist())) for p in another
    )
    means = torch.stack([length[pick.items].float().mean() for pick in batches])
    rising = (means[1:] > means[:-1]).float().mean()
    assert 0.35 < rising < 0.65  # batches of short ones do not come first


def test_a_few_batches_are_drawn_as_if_nothing_had_a_length():
    assert order(picks(200, 32, length=lengths(200))) == order(picks(200, 32))
