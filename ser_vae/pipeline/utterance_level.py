"""The recognisers that look at an utterance as a whole: no segments, no pretraining, no LSTM."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.material import Material
from ser_vae.data.statistics import Statistics, statistics
from ser_vae.evaluation.predictions import Predictions, predictions
from ser_vae.pipeline.features import feature_store
from ser_vae.training.seeding import seed_for

log = logging.getLogger(__name__)

Config = Mapping[str, Any]


def recognise(model: Any, config: Config, material: Material) -> Predictions:
    """What a model of the level "utterance" says of the test part.

    Raises:
        SerVaeError: an utterance of `material` is one of which the model's extractor makes nothing.
    """
    known = known_to(model, config, material)
    found = predictions(
        material.utterances_of("test"), material.emotions, model.probabilities(known)
    )
    if svm := getattr(model, "svm", None):
        log.info("%s: %s", config["choice"]["model"], svm.chosen)
    return found


def known_to(model: Any, config: Config, material: Material) -> Statistics:
    """What `model` may know of `material`, in which no label of the test part is."""
    whole = None
    if model.extractor is not None:
        whole = whole_utterances(model.extractor, config, material.utterances)
    return statistics(
        material,
        normalise=config["normalise"],
        seed=seed_for(config["seed"], "statistics"),
        whole=whole,
    )


def whole_utterances(
    extractor: Any, config: Config, utterances: Sequence[Utterance]
) -> npt.NDArray[np.float32]:
    """The one row that `extractor` makes of each utterance, such as eGeMAPS functionals: (U, E)."""
    store = feature_store(config, extractor)
    if reasons := store.compute(utterances):
        name, reason = min(reasons.items())
        raise SerVaeError(
            f"model={config['choice']['model']}: {len(reasons)} of {len(utterances)} utterances "
            f"can't be used, such as {name}: {reason}.\n"
            "Leave them out of the corpus, or mend the files."
        )
    return np.concatenate([store.frames(utterance) for utterance in utterances])
