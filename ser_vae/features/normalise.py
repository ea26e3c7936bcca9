"""Standardisation of each mel band: to mean 0 and deviation 1, in place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.corpus.folder import UNKNOWN_SPEAKER

Policy = Literal["train", "speaker", "none"]

SMALLEST_DEVIATION = 1e-5  # of a log-mel band; below it a band is constant and is only centred


@dataclass(frozen=True)
class Scale:
    """By what an utterance was standardised: two tensors (F,)."""

    mean: Tensor
    deviation: Tensor

    def undo(self, standardised: Tensor) -> Tensor:
        """Frames (..., F) as they were before."""
        return standardised * self.deviation + self.mean


def mean_and_deviation(utterances: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each band over all frames of `utterances`, each (T, F).

    Accumulated in double precision, one utterance at a time: two (F,) tensors.
    """
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for frames in utterances:
        double = frames.double()
        count += len(frames)
        total = total + double.sum(dim=0)
        squares = squares + double.square().sum(dim=0)
    mean = total / count
    return mean, (squares / count - mean.square()).clamp(min=0).sqrt()


def standardise(
    utterances: Sequence[Tensor], policy: Policy, speakers: Sequence[str], in_train: Sequence[bool]
) -> list[Scale]:
    """Standardise the frames (T, F) of every utterance in place.

    Args:
        utterances: one (T, F) tensor each; views of a larger one are fine.
        policy: `train` fits on the training part and serves all; `speaker` fits on all of a
            speaker's utterances, those of the test part too (transductive: it uses the test
            speaker's audio, not the labels); `none` leaves the frames as they are.
        speakers: of each utterance.
        in_train: whether each utterance belongs to the training part.

    Returns:
        By what each was standardised.

    Raises:
        SerVaeError: `speaker` is asked for and the corpus does not say who speaks.
    """
    if policy not in get_args(Policy):
        raise SerVaeError(f"normalise: expected one of {get_args(Policy)}, got {policy!r}")
    if policy == "none":
        nothing = Scale(torch.zeros(()), torch.ones(()))
        return [nothing for _ in utterances]
    if policy == "train":
        scale = _fitted([f for f, train in zip(utterances, in_train, strict=True) if train])
        return [_apply(frames, scale) for frames in utterances]
    if UNKNOWN_SPEAKER in speakers:
        raise SerVaeError(
            "normalise=speaker: the corpus does not say who speaks.\n"
            "Give corpus=folder a CSV with a `speaker` column, or use normalise=train."
        )
    of_speaker = {
        speaker: _fitted([f for f, own in zip(utterances, speakers, strict=True) if own == speaker])
        for speaker in sorted(set(speakers))
    }
    return [_apply(f, of_speaker[own]) for f, own in zip(utterances, speakers, strict=True)]


def _fitted(utterances: Sequence[Tensor]) -> Scale:
    mean, deviation = (value.float() for value in mean_and_deviation(utterances))
    deviation[deviation < SMALLEST_DEVIATION] = 1.0
    return Scale(mean, deviation)


def _apply(frames: Tensor, scale: Scale) -> Scale:
    frames.sub_(scale.mean).div_(scale.deviation)
    return scale
