"""The data that both stages of a run work on: one table row per utterance, and its segments.

Utterances that cannot be used are reported, never dropped silently.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.segment import Segmentation, Segments
from ser_vae.data.sets import MAX_PADDED, SegmentSet, SequenceSet, Source
from ser_vae.features.normalise import Normaliser
from ser_vae.features.store import FeatureStore

NO_LABEL = -1


@dataclass(frozen=True)
class PreparedData:
    """U utterances as segments, with their labels and the set that each belongs to.

    Attributes:
        table: a row per utterance, sorted by id, unlabelled ones last. Columns: utterance (the
            `Utterance`), label (class index, or NO_LABEL), part ("train", "validation", "test" or
            "unlabelled"), digest (of the audio file), content (identifies its samples, see
            `FeatureStore.content`). `label` is the only source of labels.
        segments: of all utterances, in the order of the rows, standardised.
        emotions: the K classes.
        folds: number of folds of the protocol, of which this is one.
        normaliser: by which the frames were standardised.
    """

    table: pd.DataFrame
    segments: Segments
    emotions: tuple[str, ...]
    folds: int
    normaliser: Normaliser

    @property
    def classes(self) -> int:
        return len(self.emotions)

    @property
    def label(self) -> Tensor:
        """(U,) class indices."""
        return torch.from_numpy(self.table["label"].to_numpy(copy=True))

    def with_label(self, label: Tensor) -> "PreparedData":
        """Return the same utterances with other labels (U,), such as permuted ones."""
        return replace(self, table=self.table.assign(label=label.numpy()))

    def mask(self, *parts: str) -> Tensor:
        """Return whether each utterance is in one of the named sets: (U,)."""
        return torch.from_numpy(self.table["part"].isin(parts).to_numpy(copy=True))

    def rows(self, *parts: str) -> pd.DataFrame:
        return self.table[self.table["part"].isin(parts)]

    def utterances(self, *parts: str) -> list[Utterance]:
        """List the utterances of the named sets; of all of them if none is named."""
        return list((self.rows(*parts) if parts else self.table)["utterance"])

    def speakers(self, *parts: str) -> tuple[str, ...]:
        return tuple(utterance.speaker for utterance in self.utterances(*parts))

    def segments_of(self, *parts: str) -> Segments:
        return self.segments.of(self.mask(*parts))

    def segment_set(self, *parts: str) -> SegmentSet:
        """Pair the segments of some sets with their utterance's label, the c of eq. (4).

        An utterance without a label gets equal weights for all classes.
        """
        segments = self.segments_of(*parts)
        label = self.label[self.mask(*parts)][segments.utterance]
        c = one_hot(label.clamp(min=0), self.classes).float()
        c[label == NO_LABEL] = 1 / self.classes
        return SegmentSet(segments, c)

    def sequence_set(
        self, part: str, source: Source, condition: Tensor, max_padded: int = MAX_PADDED
    ) -> SequenceSet:
        """Arrange rows of `source`, one per segment of a set, as the sequences of its utterances.

        `condition` (U, K) is what the encoder gets in place of each utterance's label; see
        `SequenceSet` for `max_padded`.
        """
        mask, segments = self.mask(part), self.segments_of(part)
        return SequenceSet(
            source, segments.first, segments.count, condition[mask], self.label[mask], max_padded
        )


log = logging.getLogger(__name__)

MAX_LISTED = 10  # utterances in a message


def find_unusable(
    store: FeatureStore, utterances: Sequence[Utterance], segmentation: Segmentation, policy: str
) -> dict[str, str]:
    """Compute missing features; return id -> reason for utterances that give no segment.

    They are listed in a warning if `policy` is "drop".

    Raises:
        SerVaeError: there are some, and `policy` is "error".
    """
    reasons = store.compute(utterances)
    for utterance in utterances:
        if utterance.id not in reasons and not segmentation.frames_kept(store.length(utterance)):
            reasons[utterance.id] = (
                f"{utterance.path}: too short, {store.length(utterance)} frames but a segment has "
                f"{segmentation.length}; data.remainder=pad would keep it"
            )
    if not reasons:
        return {}
    lines = [f"  {name}: {reason}" for name, reason in sorted(reasons.items())]
    if len(lines) > MAX_LISTED:
        lines[MAX_LISTED:] = [f"  and {len(lines) - MAX_LISTED} more"]
    message = "\n".join([f"{len(reasons)} of {len(utterances)} utterances can't be used:", *lines])
    if policy == "error":
        raise SerVaeError(f"{message}\nRepair the files, or leave them out with bad_audio=drop.")
    log.warning("%s\nThey are left out (bad_audio=drop).", message)
    return reasons
