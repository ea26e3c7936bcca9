"""Standardisation of each column, and which utterances its statistics come from."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_vae import SerVaeError
from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.features.normalise import MIN_STD, Normaliser, Scale, fit_scale

F = 5
SPEAKERS = ("a", "b", "a", "b", "c")
IN_TRAIN = (True, True, False, True, False)


def utterances(seed: int = 0) -> list[torch.Tensor]:
    """Make frames in which every column and every speaker has a different level."""
    rng = np.random.default_rng(seed)
    level = {speaker: rng.normal(-6, 3, F) for speaker in "abc"}
    return [
        torch.from_numpy(rng.normal(level[speaker], 2, (30 + n, F)).astype(np.float32))
        for n, speaker in enumerate(SPEAKERS)
    ]


def standardise(
    frames: list[torch.Tensor], policy: str, speakers: list[str], in_train: tuple[bool, ...]
) -> list[Scale]:
    """Fit a normaliser and apply it in place; return the scale of each utterance."""
    normaliser = Normaliser.fit(policy, frames, speakers, in_train)
    for values, speaker in zip(frames, speakers, strict=True):
        normaliser.apply(values, speaker)
    return [normaliser.scale_of(speaker) for speaker in speakers]


def standardised(policy: str, frames: list[torch.Tensor]) -> list[torch.Tensor]:
    changed = [values.clone() for values in frames]
    standardise(changed, policy, SPEAKERS, IN_TRAIN)
    return changed


def in_numpy(frames: list[torch.Tensor], fit: list[torch.Tensor]) -> list[np.ndarray]:
    joined = torch.cat(fit).double().numpy()
    return [
        (values.double().numpy() - joined.mean(axis=0)) / joined.std(axis=0) for values in frames
    ]


def select(frames: list[torch.Tensor], mask: tuple[bool, ...]) -> list[torch.Tensor]:
    return [values for values, selected in zip(frames, mask, strict=True) if selected]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.floats(-1000, 1000))
def test_mean_and_std_agree_with_numpy(counts, level):
    rng = np.random.default_rng(0)
    frames = [torch.from_numpy(rng.normal(level, 1, (count, F))) for count in counts]
    scale = fit_scale(frames)
    joined = torch.cat(frames).numpy()
    np.testing.assert_allclose(scale.mean, joined.mean(axis=0), rtol=1e-6, atol=1e-6)
    expected = np.where(scale.std == 1, 1, joined.std(axis=0))  # a constant column is only centred
    np.testing.assert_allclose(scale.std, expected, atol=1e-4)
    assert (scale.std >= MIN_STD).all()


def test_statistics_are_fitted_on_the_training_set_and_applied_to_all():
    frames = utterances()
    expected = in_numpy(frames, select(frames, IN_TRAIN))
    changed = [values.clone() for values in frames]
    scales = standardise(changed, "train", SPEAKERS, IN_TRAIN)
    for scale, values, wanted, before in zip(scales, changed, expected, frames, strict=True):
        np.testing.assert_allclose(values, wanted, atol=1e-5)
        torch.testing.assert_close(scale.undo(values), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("policy", "speakers"),
    [("speaker", SPEAKERS), ("corpus", ("x/a", "y/unknown", "x/b", "y/unknown", "x/unknown"))],
)
def test_speakers_and_corpora_are_fitted_on_all_their_utterances(policy, speakers):
    frames = utterances()
    changed = [values.clone() for values in frames]
    standardise(changed, policy, speakers, IN_TRAIN)
    for group in {name[0] for name in speakers}:
        mask = tuple(name[0] == group for name in speakers)
        before, after = select(frames, mask), select(changed, mask)
        for values, wanted in zip(after, in_numpy(before, before), strict=True):
            np.testing.assert_allclose(values, wanted, atol=1e-5)


def test_policy_none_changes_nothing():
    frames = utterances()
    assert all(map(torch.equal, standardised("none", frames), frames))


@pytest.mark.parametrize("policy", ["train", "speaker"])
def test_a_constant_column_is_only_centred(policy):
    frames = utterances()
    for values in frames:
        values[:, 2] = -13.815511
    for values in standardised(policy, frames):
        assert values.isfinite().all()
        assert values[:, 2].abs().max() < 1e-5


def test_normalising_unknown_speakers_is_an_error():
    with pytest.raises(SerVaeError, match="does not name its speakers"):
        standardise(utterances(), "speaker", [UNKNOWN_SPEAKER] * 5, IN_TRAIN)


def test_a_new_corpus_gets_statistics_of_its_own():
    frames = utterances()
    normaliser = Normaliser.fit("corpus", frames, ["x/a", "x/b", "y/a", "y/b", "y/c"], IN_TRAIN)
    assert normaliser.new_groups(["x/new", "z/a", "", "z/b"]) == {"z": [1, 3]}
    with pytest.raises(SerVaeError, match=r"no statistics of corpus 'z/a'; known are x, y"):
        normaliser.scale_of("z/a")
    known = normaliser.with_speaker("z", frames[:2])
    assert known.scale_of("z/a") is known.scale_of("z/b")
    assert known.scale_of("x/new") is normaliser.scale_of("x/a")
