"""What both stages of a run work on."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae.corpus.utterance import Utterance
from ser_vae.data.datamodule import SegmentSet, SequenceSet, Source
from ser_vae.data.segment import Segments
from ser_vae.data.unlabelled import UNLABELLED
from ser_vae.features.normalise import Scale

NO_LABEL = -1


@dataclass(frozen=True)
class Material:
    """U utterances as segments, with their labels and parts.

    Attributes:
        utterances: sorted by id; those without a label of the classes stand behind.
        digests: what each utterance's audio is addressed by.
        segments: of all utterances, in the same order, standardised.
        label: (U,) class indices; NO_LABEL for those without one.
        parts: "train", "validation", "test" or "unlabelled" for each utterance.
        emotions: the K classes.
        folds: how many the protocol has, of which this is one.
        scales: by what the frames of each utterance were standardised.
    """

    utterances: list[Utterance]
    digests: list[str]
    segments: Segments
    label: Tensor
    parts: list[str]
    emotions: tuple[str, ...]
    folds: int
    scales: list[Scale]

    @property
    def labelled(self) -> list[tuple[Utterance, str]]:
        """The utterances of the classes, each with its part."""
        sided = zip(self.utterances, self.parts, strict=True)
        return [(utterance, part) for utterance, part in sided if part != UNLABELLED]

    def mask(self, *parts: str) -> Tensor:
        """(U,) which utterances are in one of some parts."""
        return torch.tensor([own in parts for own in self.parts])

    def utterances_of(self, part: str) -> list[Utterance]:
        return [u for u, own in zip(self.utterances, self.parts, strict=True) if own == part]

    def segments_of(self, *parts: str) -> Segments:
        return self.segments.of(self.mask(*parts))

    def segment_set(self, *parts: str) -> SegmentSet:
        """The segments of some parts, each with its utterance's label, the c of eq. (4).

        Where there is none, all classes are alike.
        """
        segments, classes = self.segments_of(*parts), len(self.emotions)
        label = self.label[self.mask(*parts)][segments.utterance]
        c = one_hot(label.clamp(min=0), classes).float()
        c[label == NO_LABEL] = 1 / classes
        return SegmentSet(segments, c)

    def sequence_set(self, part: str, source: Source, condition: Tensor) -> SequenceSet:
        """The utterances of a part as sequences of rows of `source`, one a segment.

        `condition` (U, K) is what the encoder is told of each utterance of all parts.
        """
        chosen, segments = self.mask(part), self.segments_of(part)
        return SequenceSet(
            source, segments.first, segments.count, condition[chosen], self.label[chosen]
        )
