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
    folds = build(config["split"], kept, seed=config["seed"])
    assigned = fold_of(folds, config["fold"], config["choice"]["split"])
    parts = [assigned[utterance.id] for utterance in kept]
    label = [corpus.emotions.index(utterance.emotion) for utterance in kept]
    if config["training"]["unlabelled"]:
        style = config["data"]["style"]
        others = usable(of_training_speakers(corpus.others, kept, parts, style))
        kept, parts = [*kept, *others], [*parts, *(UNLABELLED for _ in others)]
        label += [NO_LABEL for _ in others]
    room = Bounded(config["memory_gb"], Path(config["cache"]).expanduser())
    available = [store.length(utterance) for utterance in kept]
    segments = cut(Stored(store, kept), **cutting, room=room, available=available)
    scales = standardise(
        segments.frames_of_each(),
        config["normalise"],
        [utterance.speaker for utterance in kept],
        [part == "train" for part in parts],  # no statistic of the test part reaches training
    )
    digests = [store.digest(utterance) for utterance in kept]
    truth, emotions = torch.tensor(label), corpus.emotions
    made = Material(kept, digests, segments, truth, parts, emotions, len(folds), scales)
    return made, left_out
