"""The recognisers that look at an utterance as a whole: no segments, no pretraining, no LSTM."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.loggers import Logger

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import Utterance
from ser_vae.data.material import Material
from ser_vae.data.statistics import Statistics, statistics
from ser_vae.data.unlabelled import UNLABELLED
from ser_vae.evaluation.predictions import Predictions, predictions
from ser_vae.pipeline.features import feature_store
from ser_vae.pipeline.settings import fit_settings
from ser_vae.training import weights
from ser_vae.training.fit import LAST, fit
from ser_vae.training.history import replay
from ser_vae.training.seeding import seed_for
from ser_vae.training.utterance import ClassifyUtterances, UtteranceSet, probabilities

log = logging.getLogger(__name__)

Config = Mapping[str, Any]


def recognise(
    model: Any, config: Config, material: Material, folder: Path, loggers: Sequence[Logger]
) -> Predictions:
    """What a model of the level "utterance" says of the test part.

    One that is a network is trained first, and leaves `classifier.ckpt` and `classify.csv` in the
    run's `folder`.

    Raises:
        SerVaeError: an utterance of `material` is one of which the model's extractor makes nothing.
    """
    known = known_to(model, config, material)
    if isinstance(model, torch.nn.Module):
        values = model.values(known)  # type: ignore[operator]
        train(model, values, config, material, folder, loggers)
        said = probabilities(model, values[material.mask("test")])
    else:
        said = model.probabilities(known)
    if svm := getattr(model, "svm", None):
        log.info("%s: %s", config["choice"]["model"], svm.chosen)
    return predictions(material.utterances_of("test"), material.emotions, said)


def train(
    model: Any,
    values: torch.Tensor,
    config: Config,
    material: Material,
    folder: Path,
    loggers: Sequence[Logger],
) -> None:
    """Train a network on rows (U, E), or take what an interrupted run left in `folder`.

    It learns from the training part and from unlabelled speech, which stands there without a label.
    """
    learning = config["model"]["training"]
    stage = ClassifyUtterances(model, seed_for(config["seed"], "classify"), learning["optimizer"])
    done = folder / "classifier.ckpt"
    if done.exists():
        weights.load(stage, done)
        replay(folder / "classify.csv", loggers)
        return
    parts = [material.mask("train", UNLABELLED), material.mask("validation")]
    sets = [UtteranceSet(values[part], material.label[part]) for part in parts]
    settings = fit_settings({**config, "training": {stage.stage: learning}}, stage)
    fit(stage, *sets, folder=folder, loggers=loggers, **settings)
    weights.save(stage, done)
    (folder / LAST).unlink()


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
