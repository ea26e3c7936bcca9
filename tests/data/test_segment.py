"""Segments against a plain loop over explicit slices."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ser_vae.data.segment import Segmentation, Segments, cut, join_segments

F = 3
REMAINDERS = st.sampled_from(["drop", "pad"])
SIZES = st.integers(1, 6)
MANY = settings(max_examples=150, deadline=None)


def frames(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, F)).astype(np.float32)


def loop(utterance: np.ndarray, length: int, hop: int, remainder: str) -> list[np.ndarray]:
    """Slice after slice from the left, as long as one ends in the utterance; `pad` goes on until
    every frame that a segment could reach is in one.
    """
    found, start, covered = [], 0, 0
    while start + length <= len(utterance):
        found.append(utterance[start : start + length])
        covered = start + length
        start += hop
    if remainder == "pad" and covered < len(utterance) and start < len(utterance):
        rest = utterance[start:]
        last = np.repeat(rest[-1:], length - len(rest), axis=0)
        found.append(np.concatenate([rest, last]))
    return found


def every(segments: Segments) -> torch.Tensor:
    return segments[torch.arange(len(segments))]


def flat(slices: list[np.ndarray]) -> torch.Tensor:
    return torch.tensor(np.array(slices)).flatten(start_dim=1)


@MANY
@given(st.lists(st.integers(6, 30), min_size=1, max_size=5), SIZES, SIZES, REMAINDERS)
def test_segments_are_the_slices_of_a_plain_loop(counts, length, hop, remainder):
    utterances = [frames(count, seed) for seed, count in enumerate(counts)]
    segments = cut(utterances, Segmentation(length, hop, remainder))
    slices = [loop(utterance, length, hop, remainder) for utterance in utterances]
    assert segments.count.tolist() == [len(own) for own in slices]
    assert segments.size == length * F
    assert torch.equal(every(segments), torch.cat([flat(own) for own in slices]))


@MANY
@given(st.integers(0, 40), SIZES, SIZES, REMAINDERS)
def test_frames_kept_tells_whether_there_is_a_segment(available, length, hop, remainder):
    slices = loop(frames(available), length, hop, remainder)
    expected = length + (len(slices) - 1) * hop if slices else 0
    assert Segmentation(length, hop, remainder).frames_kept(available) == expected


@MANY
@given(st.lists(st.tuples(st.integers(6, 30), st.booleans()), min_size=1, max_size=6), SIZES)
def test_of_keeps_exactly_the_chosen_utterances(utterances, hop):
    counts, chosen = zip(*utterances, strict=True)
    utterance = [frames(count, seed) for seed, count in enumerate(counts)]
    segments = cut(utterance, Segmentation(4, hop, "drop"))
    assume(any(chosen))
    kept = segments.of(torch.tensor(chosen))
    slices = [loop(own, 4, hop, "drop") for own in itertools.compress(utterance, chosen)]
    assert torch.equal(every(kept), torch.cat([flat(own) for own in slices]))
    assert kept.count.tolist() == segments.count[torch.tensor(chosen)].tolist()
    assert torch.bincount(kept.utterance, minlength=sum(chosen)).tolist() == kept.count.tolist()
    assert kept.frames.data_ptr() == segments.frames.data_ptr()


@pytest.mark.parametrize("hop", [3, 5, 7])
def test_frames_by_utterance_are_views_of_what_the_segments_cover(hop):
    utterances = [frames(23, 1), frames(9, 2), frames(31, 3)]
    segments = cut(utterances, Segmentation(5, hop, "drop"))
    views = segments.frames_by_utterance()
    for view, utterance, count in zip(views, utterances, segments.count.tolist(), strict=True):
        covered = (count - 1) * hop + 5
        assert torch.equal(view, torch.from_numpy(utterance[:covered]))
    before = every(segments)
    for view in views:
        view.mul_(2)
    assert torch.equal(every(segments), 2 * before)


@pytest.mark.parametrize(
    ("segment_s", "hop_s", "shift_s", "expected"),
    [(0.1, 0.1, 0.010, (10, 10)), (0.1, 0.06, 0.020, (5, 3)), (0.1, 0.02, 0.020, (5, 1))],
)
def test_durations_are_rounded_to_frames(segment_s, hop_s, shift_s, expected):
    segmentation = Segmentation.from_seconds(segment_s, hop_s, "drop", shift_s)
    assert (segmentation.length, segmentation.hop) == expected


def test_segments_rejoin_into_the_frames_that_they_were_cut_from():
    frames = np.random.default_rng(0).normal(size=(47, 3)).astype(np.float32)
    for hop in (10, 5, 3):
        cut_up = cut([frames[:9], frames], Segmentation(9, hop, "drop"))
        last = cut_up.of(torch.tensor([False, True]))
        found = join_segments(last[torch.arange(len(last))], last.start, 9)
        covered = found.shape[0]
        assert covered == (len(last) - 1) * hop + 9
        expected = torch.from_numpy(frames[:covered]).clone()
        if hop == 10:
            expected[9::10] = 0  # the frame between two segments
        torch.testing.assert_close(found, expected)


def test_a_frame_of_two_segments_is_their_mean():
    rows = torch.tensor([[1.0, 2.0], [4.0, 8.0]])  # two segments of two frames of one band
    found = join_segments(rows, torch.tensor([7, 8]), 2)
    assert found.tolist() == [[1.0], [3.0], [8.0]]
