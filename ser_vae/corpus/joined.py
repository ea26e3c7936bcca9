"""Several corpora as one, to train on some and test on another."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ser_vae import SerVaeError
from ser_vae.corpus.labels import Classes, labels_of_classes, make_corpus
from ser_vae.corpus.utterance import Corpus, Utterance, corpus_warnings
from ser_vae.settings import build

LOCAL = ("id", "speaker", "session", "dialogue", "script")  # names that two corpora may both use


def read(members: Mapping[str, Mapping[str, Any]], classes: Classes) -> Corpus:
    """Read each corpus by its own reader and join their utterances.

    Ids, speakers, sessions, dialogues and scripts get the name of the member in front, so that no
    group spans two corpora.

    Args:
        members: name -> the settings of a corpus.
        classes: which classes of the members to use: "shared" (those that all have), or as in
            `labels.Classes`.

    Raises:
        SerVaeError: a member cannot be read, or the classes leave fewer than two.
    """
    corpora: dict[str, Corpus] = {name: build(member) for name, member in members.items()}
    labels = list(dict.fromkeys(label for c in corpora.values() for label in c.emotions))
    if classes == "shared":
        classes = [label for label in labels if all(label in c.emotions for c in corpora.values())]
        if len(classes) < 2:
            have = "; ".join(f"{name} has {', '.join(c.emotions)}" for name, c in corpora.items())
            raise SerVaeError(
                f"corpus=joined: the corpora share fewer than two classes: {have}.\n"
                "Map their classes, such as corpus.classes='{happy: [happy, joy], sad: [sad]}'."
            )
    return make_corpus(
        "_".join(corpus.name for corpus in corpora.values()),
        labels_of_classes(classes, labels),
        [add_prefix(u, name) for name, c in corpora.items() for u in c.utterances],
        others=[add_prefix(u, name) for name, c in corpora.items() for u in c.others],
        synthetic=any(corpus.synthetic for corpus in corpora.values()),
        warnings=tuple(f"{name}: {w}" for name, c in corpora.items() for w in corpus_warnings(c)),
    )


def add_prefix(utterance: Utterance, corpus: str) -> Utterance:
    """Return an utterance with its corpus, whose name is put before the names in LOCAL."""
    values = {name: getattr(utterance, name) for name in LOCAL}
    local: dict[str, Any] = {name: f"{corpus}/{value}" for name, value in values.items() if value}
    return replace(utterance, corpus=corpus, **local)
