"""Text-independent: what is said (a script, a scene, a statement) is never on both sides."""

from collections.abc import Sequence
from typing import Any

from ser_vae.corpus.utterance import Utterance
from ser_vae.split.grouped import grouped_folds


def folds(utterances: Sequence[Utterance], **settings: Any) -> list[dict[str, str]]:
    """A fold for each script of a few, drawn folds of many: `grouped_folds` names the settings."""
    return grouped_folds(utterances, lambda utterance: utterance.script, what="script", **settings)
