"""What both stages work on: each part holds its own utterances, segments and labels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.batch import Pick
from ser_vae.data.material import Material
from ser_vae.data.segment import cut

EMOTIONS = ("neutral", "happy", "sad")
PARTS = ["train", "test", "train", "validation", "test"]
SEGMENTS = [2, 3, 1, 4, 2]
LABEL = [1, 0, 2, 0, 1]


def material() -> Material:
    """Utterance u's frames all hold the value u, so that a segment says whose it is."""
    frames = [np.full((10 * count, 2), u, np.float32) for u, count in enumerate(SEGMENTS)]
    utterances = [
        Utterance(f"u{u}", Path("unread.wav"), EMOTIONS[k], f"s{u % 2}")
        for u, k in enumerate(LABEL)
    ]
    segments = cut(frames, length=10, hop=10, remainder="drop")
    return Material(utterances, [""] * 5, segments, torch.tensor(LABEL), PARTS, EMOTIONS, 1, [])


@pytest.mark.parametrize(
    ("part", "own"), [("train", [0, 2]), ("validation", [3]), ("test", [1, 4])]
)
def test_a_part_holds_its_own_segments_with_their_utterances_labels(part, own):
    found = material().segment_set(part)
    batch = found[Pick(torch.arange(len(found)), 1.0)]
    owner = [u for u in own for _ in range(SEGMENTS[u])]
    assert batch.x[:, 0].tolist() == owner
    assert torch.equal(batch.x, batch.x[:, :1].expand_as(batch.x))
    assert torch.equal(batch.c, torch.eye(3)[[LABEL[u] for u in owner]])


@pytest.mark.parametrize(
    ("part", "own"), [("train", [0, 2]), ("validation", [3]), ("test", [1, 4])]
)
def test_a_part_holds_its_own_sequences_of_any_source(part, own):
    whole = material()
    condition = torch.rand(5, 3)
    rows = torch.repeat_interleave(torch.tensor(own), torch.tensor(SEGMENTS)[own])
    latents = rows[:, None].float().expand(-1, 4)  # (N of the part, 4), u for utterance u
    found = whole.sequence_set(part, latents, condition)
    batch = found[Pick(torch.arange(len(found)), 1.0)]
    assert batch.length.tolist() == [SEGMENTS[u] for u in own]
    assert batch.label.tolist() == [LABEL[u] for u in own]
    assert torch.equal(batch.c, condition[own])
    for row, u in zip(batch.x, own, strict=True):
        assert (row[: SEGMENTS[u]] == u).all()
        assert (row[SEGMENTS[u] :] == 0).all()


def test_the_parts_are_disjoint_and_together_everything():
    whole = material()
    masks = torch.stack([whole.mask(part) for part in ("train", "validation", "test")])
    assert masks.sum(dim=0).tolist() == [1] * 5
    sizes = [len(whole.segment_set(part)) for part in ("train", "validation", "test")]
    assert sum(sizes) == len(whole.segments)


def test_utterances_of_a_part_stand_in_the_order_of_its_sequences():
    assert [u.id for u in material().utterances_of("test")] == ["u1", "u4"]


def test_a_part_that_nobody_is_in_is_empty():
    assert len(material().segment_set("none")) == 0
    assert material().utterances_of("none") == []
