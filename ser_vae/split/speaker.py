"""Speaker-independent: no speaker is on both sides."""

from collections.abc import Sequence
from typing import Any

from ser_vae.corpus.folder import UNKNOWN_SPEAKER
from ser_vae.corpus.utterance import Utterance
from ser_vae.split.grouped import grouped_folds


def known_speaker(utterance: Utterance) -> str | None:
    return None if utterance.speaker == UNKNOWN_SPEAKER else utterance.speaker


def folds(utterances: Sequence[Utterance], **settings: Any) -> list[dict[str, str]]:
    """A fold for each speaker of a few, drawn folds of many: `grouped_folds` names the settings."""
    return grouped_folds(utterances, known_speaker, what="speaker", **settings)
