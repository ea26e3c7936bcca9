"""Speech -> standardised segments, labels and parts (IV-A, IV-B)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ser_vae.configuration import build
from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.data.material import NO_LABEL, Material
from ser_vae.data.room import Bounded
from ser_vae.data.segment import cut
from ser_vae.data.unlabelled import UNLABELLED, of_training_speakers
from ser_vae.data.usable import report_unusable, unusable
from ser_vae.features.normalise import standardise
from ser_vae.features.store import Stored
from ser_vae.pipeline.features import feature_store
from ser_vae.split.fold import fold_of


def check_parts(config: Mapping[str, Any], utterances: Sequence[Utterance]) -> None:
    """Meet a split or a fold that can't be had before any speech is read.

    Where unusable speech is left out, it is known only later which utterances the split is of.
    """
    if config["bad_audio"] == "error":
        parts(config, utterances)


def parts(
    config: Mapping[str, Any], utterances: Sequence[Utterance]
) -> tuple[Mapping[str, str], int]:
    """The part of each utterance in the fold that is asked for, and how many folds there are."""
    folds = build(config["split"], utterances, seed=config["seed"])
    return fold_of(folds, config["fold"], config["choice"]["split"]), len(folds)


def prepare(
    config: Mapping[str, Any], corpus: Corpus, utterances: Sequence[Utterance]
) -> tuple[Material, dict[str, str]]:
    """Speech -> standardised segments, labels and parts (IV-A, IV-B).

    Also returns the utterances that had to be left out, with the reason for each.
    """
    store = feature_store(config, build(config["features"]))
    cutting = {key: config["data"][key] for key in ("length", "hop", "remainder")}
    left_out: dict[str, str] = {}

    def usable(wanted: Sequence[Utterance]) -> list[Utterance]:
        reasons = unusable(store, wanted, **cutting)
        report_unusable(reasons, len(wanted), config["bad_audio"])
        left_out.update(reasons)
        return sorted((u for u in wanted if u.id not in reasons), key=lambda u: u.id)

    kept = usable(utterances)
    assigned, folds = parts(config, kept)
    part = [assigned[utterance.id] for utterance in kept]
    label = [corpus.emotions.index(utterance.emotion) for utterance in kept]
    if config["training"]["unlabelled"]:
        style = config["data"]["style"]
        others = usable(of_training_speakers(corpus.others, kept, part, style))
        kept, part = [*kept, *others], [*part, *(UNLABELLED for _ in others)]
        label += [NO_LABEL for _ in others]
    room = Bounded(config["memory_gb"], Path(config["cache"]).expanduser())
    available = [store.length(utterance) for utterance in kept]
    segments = cut(Stored(store, kept), **cutting, room=room, available=available)
    scales = standardise(
        segments.frames_of_each(),
        config["normalise"],
        [utterance.speaker for utterance in kept],
        [own == "train" for own in part],  # no statistic of the test part reaches training
    )
    digests = [store.digest(utterance) for utterance in kept]
    truth, emotions = torch.tensor(label), corpus.emotions
    made = Material(kept, digests, segments, truth, part, emotions, folds, scales)
    return made, left_out
