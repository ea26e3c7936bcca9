"""What the stages are fed with: segments and sequences, a whole batch at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae.data.batch import BatchIndex
from ser_vae.data.segment import Segmentation, cut
from ser_vae.data.sets import MAX_PADDED, SegmentSet, SequenceSet
from ser_vae.run import configure
from ser_vae.training import fit
from ser_vae.training.fit import BatchModule

COUNTS = torch.tensor([3, 1, 4, 2])
FIRST = torch.tensor([0, 3, 4, 8])
ROWS = torch.randn(10, 5, generator=torch.Generator().manual_seed(0))
LABEL = torch.tensor([2, 0, 1, 1])
CONDITION = torch.eye(3)[LABEL]


def sequences() -> SequenceSet:
    return SequenceSet(ROWS, FIRST, COUNTS, CONDITION, LABEL)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_a_sequence_is_its_own_rows_and_zeros_behind(items):
    batch = sequences()[BatchIndex(torch.tensor(items), 0.5)]
    assert batch.x.shape == (len(items), max(COUNTS[items]).item(), 5)
    for row, item in enumerate(items):
        first, count = FIRST[item], COUNTS[item]
        assert torch.equal(batch.x[row, :count], ROWS[first : first + count])
        assert not batch.x[row, count:].any()
    assert batch.length.tolist() == COUNTS[items].tolist()
    assert batch.label.tolist() == LABEL[items].tolist()
    assert torch.equal(batch.c, CONDITION[items])
    assert batch.loss_scale == 0.5


def test_sequences_of_segments_are_cut_as_those_of_latents_are():
    """Fine-tuned, the encoder is given segments where the frozen one has left latents."""
    frames = [np.random.default_rng(n).normal(size=(n, 2)).astype(np.float32) for n in (30, 12)]
    segments = cut(frames, Segmentation(10, 10, "drop"))
    every = segments[torch.arange(len(segments))]
    rest = (segments.first, segments.count, CONDITION[:2], LABEL[:2])
    pick = BatchIndex(torch.tensor([1, 0]), 1.0)
    assert torch.equal(SequenceSet(segments, *rest)[pick].x, SequenceSet(every, *rest)[pick].x)


def module(training: int = 10, validation: int = 4, accumulated: int = 1) -> BatchModule:
    part = [SegmentSet(ROWS, torch.arange(count)[:, None]) for count in (training, validation)]
    return BatchModule(*part, batch_size=3, accumulated=accumulated, seed=1)


def test_training_batches_are_shuffled_anew_each_epoch_and_validation_batches_in_order():
    loader = module().train_dataloader()
    orders = []
    for epoch in range(2):
        loader.batch_sampler.sampler.set_epoch(epoch)
        orders.append([n for chunk in loader for batch in chunk for n in batch.c[:, 0].tolist()])
    validation = [batch.c[:, 0].tolist() for batch in module().val_dataloader()]
    assert validation == [[0, 1, 2], [3]]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert orders[0] != orders[1] != list(range(10))


@pytest.mark.parametrize(("accumulated", "sizes"), [(1, [3, 1]), (2, [2, 2]), (20, [20])])
def test_a_chunk_holds_whole_optimizer_steps(monkeypatch, accumulated, sizes):
    monkeypatch.setattr(fit, "CHUNK", 3)
    data = module(accumulated=accumulated)
    chunks = list(data.train_dataloader())
    assert [len(chunk) for chunk in chunks] == sizes
    assert all(len(chunk) % accumulated == 0 for chunk in chunks)


@pytest.mark.parametrize("max_padded", [1, 6, 9, 1_000])
def test_no_part_of_a_split_batch_is_larger_than_allowed_but_for_one_utterance(max_padded):
    count = torch.tensor([3, 100, 2, 2, 3, 1])
    rows, label = torch.randn(111, 2), torch.arange(6)
    items = SequenceSet(
        rows, count.cumsum(0) - count, count, torch.eye(6), label, max_padded=max_padded
    )
    picked = torch.tensor([4, 1, 0, 5, 3, 2])
    batch = items[BatchIndex(picked, 1.0)]
    parts = [batch] if max_padded == 1_000 else batch.parts
    assert all(p.x[..., 0].numel() <= max_padded or len(p.x) == 1 for p in parts)
    joined = torch.cat([p.label for p in parts])
    assert torch.equal(joined[batch.order] if len(parts) > 1 else joined, picked)
    assert torch.equal(batch.label, picked)


def test_the_same_bound_holds_for_a_loaded_model():
    assert configure()["max_batch_segments"] == MAX_PADDED
