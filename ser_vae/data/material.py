"""What both stages of a run work on."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.datamodule import SegmentSet, SequenceSet, Source
from ser_vae.data.segment import Segments


@dataclass(frozen=True)
class Material:
    """U utterances as segments, with their labels and parts.

    Attributes:
        utterances: sorted by id.
        digests: what each utterance's audio is addressed by.
        segments: of all utterances, in the same order, standardised.
        label: (U,) class indices.
        parts: "train", "validation" or "test" for each utterance.
        emotions: the K classes.
        folds: how many the protocol has, of which this is one.
    """

    utterances: list[Utterance]
    digests: list[str]
    segments: Segments
    label: Tensor
    parts: list[str]
    emotions: tuple[str, ...]
    folds: int

    def mask(self, part: str) -> Tensor:
        """(U,) which utterances are in a part."""
        return torch.tensor([own == part for own in self.parts])

    def utterances_of(self, part: str) -> list[Utterance]:
        return [u for u, own in zip(self.utterances, self.parts, strict=True) if own == part]

    def segment_set(self, part: str) -> SegmentSet:
        """The segments of a part, each with its utterance's label, the c of eq. (4)."""
        chosen = self.mask(part)
        segments = self.segments.of(chosen)
        label = self.label[chosen][segments.utterance]
        return SegmentSet(segments, one_hot(label, len(self.emotions)).float())

    def sequence_set(self, part: str, source: Source, condition: Tensor) -> SequenceSet:
        """The utterances of a part as sequences of rows of `source`, one row a segment (N rows).

        `condition` (U, K) is what the encoder is told of each utterance.
        """
        chosen = self.mask(part)
        first, count = self.segments.first[chosen], self.segments.count[chosen]
        return SequenceSet(source, first, count, condition[chosen], self.label[chosen])
