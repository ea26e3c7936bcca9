"""What both stages work on: each set has its own utterances, segments and labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.batch import BatchIndex
from ser_vae.data.prepared import PreparedData
from ser_vae.data.segment import Segmentation, cut
from ser_vae.features.normalise import Normaliser

EMOTIONS = ("neutral", "happy", "sad")
PARTS = ["train", "test", "train", "validation", "test"]
SEGMENTS = [2, 3, 1, 4, 2]
LABEL = [1, 0, 2, 0, 1]

SETS = pytest.mark.parametrize(
    ("part", "members"), [("train", [0, 2]), ("validation", [3]), ("test", [1, 4])]
)


@pytest.fixture
def data() -> PreparedData:
    """Utterance u's frames all hold the value u, so that a segment shows whose it is."""
    frames = [np.full((10 * count, 2), u, np.float32) for u, count in enumerate(SEGMENTS)]
    utterances = [
        Utterance(f"u{u}", Path("unread.wav"), EMOTIONS[k], f"s{u % 2}")
        for u, k in enumerate(LABEL)
    ]
    table = pd.DataFrame({"utterance": utterances, "label": LABEL, "part": PARTS})
    segments = cut(frames, Segmentation(10, 10, "drop"))
    return PreparedData(table, segments, EMOTIONS, 1, Normaliser("none", {}))


@SETS
def test_a_set_has_its_segments_with_their_utterances_labels(data, part, members):
    segments = data.segment_set(part)
    batch = segments[BatchIndex(torch.arange(len(segments)), 1.0)]
    owner = [u for u in members for _ in range(SEGMENTS[u])]
    assert batch.x[:, 0].tolist() == owner
    assert torch.equal(batch.x, batch.x[:, :1].expand_as(batch.x))
    assert torch.equal(batch.c, torch.eye(3)[[LABEL[u] for u in owner]])


@SETS
def test_a_set_has_its_sequences_of_any_source(data, part, members):
    condition = torch.rand(5, 3)
    rows = torch.repeat_interleave(torch.tensor(members), torch.tensor(SEGMENTS)[members])
    latents = rows[:, None].float().expand(-1, 4)  # (N of the set, 4), u for utterance u
    sequences = data.sequence_set(part, latents, condition)
    batch = sequences[BatchIndex(torch.arange(len(sequences)), 1.0)]
    assert batch.length.tolist() == [SEGMENTS[u] for u in members]
    assert batch.label.tolist() == [LABEL[u] for u in members]
    assert torch.equal(batch.c, condition[members])
    for row, u in zip(batch.x, members, strict=True):
        assert (row[: SEGMENTS[u]] == u).all()
        assert (row[SEGMENTS[u] :] == 0).all()


def test_other_labels_replace_the_only_source_of_labels(data):
    other = data.with_label(torch.tensor([0, 0, 0, 0, 0]))
    assert other.label.tolist() == [0] * 5
    assert other.segment_set("train").condition[:, 0].tolist() == [1.0] * 3
    assert data.label.tolist() == LABEL
    unlabelled = data.with_label(torch.tensor([-1, 0, 2, 0, 1])).segment_set("train")
    assert torch.equal(unlabelled.condition[:2], torch.full((2, 3), 1 / 3))
