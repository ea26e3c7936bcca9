"""Standardisation of each band: whose statistics reach whom."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.features.normalise import mean_and_deviation, standardise

F = 5
SPEAKERS = ("a", "b", "a", "b", "c")
IN_TRAIN = (True, True, False, True, False)


def utterances(seed: int = 0) -> list[torch.Tensor]:
    """Log-mel-like frames: every band and every speaker has a level of its own."""
    rng = np.random.default_rng(seed)
    level = {speaker: rng.normal(-6, 3, F) for speaker in "abc"}
    return [
        torch.from_numpy(rng.normal(level[speaker], 2, (30 + n, F)).astype(np.float32))
        for n, speaker in enumerate(SPEAKERS)
    ]


def standardised(policy: str, frames: list[torch.Tensor]) -> list[torch.Tensor]:
    changed = [own.clone() for own in frames]
    standardise(changed, policy, SPEAKERS, IN_TRAIN)
    return changed


def in_numpy(frames: list[torch.Tensor], fit: list[torch.Tensor]) -> list[np.ndarray]:
    joined = torch.cat(fit).double().numpy()
    return [(own.double().numpy() - joined.mean(axis=0)) / joined.std(axis=0) for own in frames]


def chosen(frames: list[torch.Tensor], mask: tuple[bool, ...]) -> list[torch.Tensor]:
    return [own for own, there in zip(frames, mask, strict=True) if there]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.floats(-1000, 1000))
def test_mean_and_deviation_agree_with_numpy(counts, level):
    rng = np.random.default_rng(0)
    frames = [torch.from_numpy(rng.normal(level, 1, (count, F))) for count in counts]
    mean, deviation = mean_and_deviation(frames)
    joined = torch.cat(frames).numpy()
    np.testing.assert_allclose(mean, joined.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(deviation, joined.std(axis=0), atol=1e-4)


def test_fitted_on_the_training_part_and_applied_to_all():
    frames = utterances()
    expected = in_numpy(frames, chosen(frames, IN_TRAIN))
    for found, own in zip(standardised("train", frames), expected, strict=True):
        np.testing.assert_allclose(found, own, atol=1e-5)


def test_the_training_part_has_mean_zero_and_deviation_one_in_each_band():
    train = torch.cat(chosen(standardised("train", utterances()), IN_TRAIN))
    torch.testing.assert_close(train.mean(dim=0), torch.zeros(F), atol=1e-5, rtol=0)
    torch.testing.assert_close(train.std(dim=0, correction=0), torch.ones(F), atol=1e-5, rtol=0)


def test_no_test_frame_changes_what_training_sees():
    frames = utterances()
    others = [own if train else 100 * own - 7 for own, train in zip(frames, IN_TRAIN, strict=True)]
    before, after = (chosen(standardised("train", some), IN_TRAIN) for some in (frames, others))
    assert all(map(torch.equal, before, after))


def test_no_test_utterance_changes_what_another_becomes():
    frames = utterances()
    others = [*frames[:4], frames[4] * 50]
    before, after = standardised("train", frames), standardised("train", others)
    assert all(map(torch.equal, before[:4], after[:4]))
    assert not torch.equal(before[4], after[4])


def test_each_speaker_is_fitted_on_all_that_the_speaker_says():
    frames = utterances()
    found = standardised("speaker", frames)
    for speaker in "abc":
        mask = tuple(own == speaker for own in SPEAKERS)
        own = chosen(frames, mask)
        for value, expected in zip(chosen(found, mask), in_numpy(own, own), strict=True):
            np.testing.assert_allclose(value, expected, atol=1e-5)


def test_none_changes_nothing():
    frames = utterances()
    assert all(map(torch.equal, standardised("none", frames), frames))


@pytest.mark.parametrize("policy", ["train", "speaker"])
def test_a_constant_band_is_centred_and_not_blown_up(policy):
    frames = utterances()
    for own in frames:
        own[:, 2] = -13.815511
    for found in standardised(policy, frames):
        assert found.isfinite().all()
        assert found[:, 2].abs().max() < 1e-5


def test_it_works_in_place_on_views_of_one_tensor():
    joined = torch.cat(utterances())
    views = list(joined.split([30, 31, 32, 33, 34]))
    standardise(views, "train", SPEAKERS, IN_TRAIN)
    assert torch.equal(joined, torch.cat(standardised("train", utterances())))


def test_per_speaker_without_speakers_is_an_error():
    with pytest.raises(SerVaeError, match="does not name its speakers"):
        standardise(utterances(), "speaker", [UNKNOWN_SPEAKER] * 5, IN_TRAIN)


def test_an_unknown_policy_is_refused():
    with pytest.raises(SerVaeError, match=r"train.*speaker.*none.*'test'"):
        standardise(utterances(), "test", SPEAKERS, IN_TRAIN)


@pytest.mark.parametrize("policy", ["train", "speaker", "none"])
def test_the_scale_that_is_returned_undoes_the_standardisation(policy):
    frames = utterances()
    changed = [own.clone() for own in frames]
    scales = standardise(changed, policy, SPEAKERS, IN_TRAIN)
    for scale, own, before in zip(scales, changed, frames, strict=True):
        torch.testing.assert_close(scale.undo(own), before, rtol=1e-4, atol=1e-4)
