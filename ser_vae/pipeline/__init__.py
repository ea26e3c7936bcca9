"""The paper's Fig. 1: speech -> segments -> latents -> LSTM -> emotion.

prepare     speech -> segments, labels and parts
settings    the networks as initialised; what the configuration may not ask for
represent   segments -> a representation
classify    latents -> emotions
summarise   -> metrics.json
"""

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.evaluation import predictions
from ser_vae.inventory import corpus_warnings
from ser_vae.pipeline.classify import classify
from ser_vae.pipeline.loggers import open_loggers
from ser_vae.pipeline.prepare import prepare
from ser_vae.pipeline.represent import represent
from ser_vae.pipeline.settings import networks
from ser_vae.pipeline.summarise import summarise
from ser_vae.run_folder import RunFolder

log = logging.getLogger(__name__)

Config = Mapping[str, Any]


def execute(
    config: Config, corpus: Corpus, utterances: Sequence[Utterance], folder: RunFolder
) -> None:
    """Do all of one run, and leave its results in `folder`; metrics.json comes last."""
    if config["threads"]:
        torch.set_num_threads(config["threads"])
    for warning in corpus_warnings(corpus):
        log.warning("corpus %s: %s", corpus.name, warning)
    began = time.perf_counter()
    material, left_out = prepare(config, corpus, utterances)
    folder.write_split(material.utterances, material.parts)
    times = {"features": time.perf_counter() - began}
    model, classifier = networks(config, material)
    with open_loggers(config, corpus.name, folder) as loggers:
        began = time.perf_counter()
        represent(model, config, material, folder, loggers)
        times["pretrain"] = time.perf_counter() - began
        began = time.perf_counter()
        found = classify(classifier, model, config, material, folder, loggers)
        times["classify"] = time.perf_counter() - began
        predictions.write(folder.predictions, found)
        results = summarise(config, corpus, material, left_out, found, folder)
        folder.write_audit(results["audit"])
        results["times_s"] = times
        for logger in loggers:
            logger.log_metrics({k: v for k, v in results.items() if isinstance(v, float)})
    folder.write_metrics(results)
    shutil.rmtree(folder.path / "classify")
