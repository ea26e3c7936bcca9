"""Standardise the columns of frames: subtract a mean, divide by a standard deviation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import is_unknown

Policy = Literal["train", "speaker", "corpus", "none"]

MIN_STD = 1e-5  # a column with a smaller standard deviation is constant: only centred
ALL = ""  # the key of the one scale of policy "train"


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of each column: two tensors (F,)."""

    mean: Tensor
    std: Tensor

    def undo(self, standardised: Tensor) -> Tensor:
        """Return standardised frames (..., F) in their original units."""
        return standardised * self.std + self.mean


IDENTITY = Scale(torch.zeros(()), torch.ones(()))


@dataclass(frozen=True)
class Normaliser:
    """The fitted statistics of a run, which are saved with its model.

    Attributes:
        policy: `train`: one scale, fitted on the training set; `speaker`: one scale per speaker,
            fitted on all of the speaker's utterances, the test set's too (transductive: it uses
            the test speakers' audio, not their labels); `corpus`: likewise one scale per corpus of
            joined ones; `none`: frames stay as they are.
        scales: by group (see `group_of`), empty under `none`.
    """

    policy: Policy
    scales: Mapping[str, Scale]

    @classmethod
    def fit(
        cls,
        policy: Policy,
        utterances: Sequence[Tensor],
        speakers: Sequence[str],
        in_train: Sequence[bool],
    ) -> "Normaliser":
        """Fit on the frames (T, F) of each utterance.

        Raises:
            SerVaeError: normalise=speaker needs speakers, and the corpus does not name them.
        """
        if policy == "none":
            return cls(policy, {})
        if policy == "speaker" and any(map(is_unknown, speakers)):
            raise SerVaeError(
                "normalise=speaker: the corpus does not name its speakers.\n"
                "Give corpus=folder a CSV with a `speaker` column, or use normalise=train."
            )
        by_group: dict[str, list[Tensor]] = {}
        for frames, speaker, is_train in zip(utterances, speakers, in_train, strict=True):
            if is_train or policy != "train":
                by_group.setdefault(cls(policy, {}).group_of(speaker), []).append(frames)
        return cls(policy, {name: fit_scale(by_group[name]) for name in sorted(by_group)})

    @property
    def grouped(self) -> bool:
        """Whether each speaker, or corpus, has separate statistics."""
        return self.policy in ("speaker", "corpus")

    def group_of(self, speaker: str) -> str:
        """Return the key of the scale of a speaker, who is <corpus>/<name> in joined corpora."""
        if self.policy == "train":
            return ALL
        return speaker.partition("/")[0] if self.policy == "corpus" else speaker

    def new_groups(self, speakers: Sequence[str]) -> dict[str, list[int]]:
        """Map each group that has no scale yet to the indices of its speakers; "" means unknown."""
        groups = [self.group_of(speaker) for speaker in speakers]
        new = sorted(set(groups) - {"", *self.scales}) if self.grouped else []
        return {name: [i for i, group in enumerate(groups) if group == name] for name in new}

    def scale_of(self, speaker: str | None) -> Scale:
        """Return the scale of a speaker, which is that of everybody under `train` and `none`.

        Raises:
            SerVaeError: there are no statistics of the speaker, or of the corpus.
        """
        if self.policy == "none":
            return IDENTITY
        group = self.group_of(speaker or "")
        if group not in self.scales:
            known, name = ", ".join(sorted(self.scales)) or "none", speaker or "unknown"
            raise SerVaeError(
                f"normalise={self.policy}: no statistics of {self.policy} {name!r}; "
                f"known are {known}.\nName one of these, or give several utterances of the new "
                f"{self.policy} together."
            )
        return self.scales[group]

    def apply(self, frames: Tensor, speaker: str | None) -> Tensor:
        """Standardise frames (T, F) in place, and return them."""
        scale = self.scale_of(speaker)
        return frames.sub_(scale.mean).div_(scale.std)

    def with_speaker(self, speaker: str, utterances: Sequence[Tensor]) -> "Normaliser":
        """Return a copy that also knows a speaker, from the frames (T, F) of their utterances."""
        return replace(self, scales={**self.scales, self.group_of(speaker): fit_scale(utterances)})


def fit_scale(utterances: Sequence[Tensor]) -> Scale:
    """Fit mean and standard deviation over all frames of the utterances, each (T, F).

    Accumulated in double precision, one utterance at a time.
    """
    count, total, squares = 0, torch.zeros(()), torch.zeros(())
    for frames in utterances:
        double = frames.double()
        count += len(frames)
        total = total + double.sum(dim=0)
        squares = squares + double.square().sum(dim=0)
    mean = total / count
    std = (squares / count - mean.square()).clamp(min=0).sqrt().float()
    std[std < MIN_STD] = 1.0
    return Scale(mean.float(), std)
