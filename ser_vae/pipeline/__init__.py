"""The paper's Fig. 1: speech -> segments -> latents -> LSTM -> emotion.

prepare      speech -> segments, labels and parts
settings     the networks as initialised; what the configuration may not ask for
represent    segments -> a representation
policies     what a CVAE is told; latents -> emotions under each label policy
classify     latents -> one classifier
diagnose     leaks, health, what is in z
illustrate   what the decoder makes of latents, to look at
summarise    -> metrics.json
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from lightning.pytorch.loggers import Logger

from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.data.material import Material
from ser_vae.evaluation import predictions
from ser_vae.inventory import corpus_warnings
from ser_vae.logger.closing import conclude
from ser_vae.pipeline import heard, utterance_level
from ser_vae.pipeline.diagnose import NOTHING_TO_DIAGNOSE, diagnose
from ser_vae.pipeline.illustrate import illustrate
from ser_vae.pipeline.loggers import open_loggers
from ser_vae.pipeline.policies import Recognisers
from ser_vae.pipeline.prepare import check_parts, prepare
from ser_vae.pipeline.represent import represent
from ser_vae.pipeline.settings import check_networks, check_trainer, fresh_model, policies_of
from ser_vae.pipeline.summarise import summarise
from ser_vae.run_folder import RunFolder
from ser_vae.training.encode import policy_of

log = logging.getLogger(__name__)

Config = Mapping[str, Any]

CLASSIFIERS = "classify"  # folder of a run's classifiers, until it is finished


def check(config: Config, corpus: Corpus, utterances: Sequence[Utterance]) -> None:
    """Meet a setting that can't be had before any speech is read, which takes hours.

    Raises:
        SerVaeError: a device, a split or a network can't be had.
    """
    check_trainer(config["trainer"])
    check_networks(config, len(corpus.emotions))
    check_parts(config, utterances)
    heard.check(config, corpus.emotions)


def execute(
    config: Config,
    corpus: Corpus,
    utterances: Sequence[Utterance],
    folder: RunFolder,
    unchanged: Callable[[], None],
) -> None:
    """Do all of one run, and leave its results in `folder`; metrics.json comes last.

    `unchanged` raises an error where the corpus is no longer that of the folder's address.
    """
    if config["threads"]:
        torch.set_num_threads(config["threads"])
    for warning in corpus_warnings(corpus):
        log.warning("corpus %s: %s", corpus.name, warning)
    times: dict[str, float] = {}
    with timed(times, "features"):
        material, left_out = prepare(config, corpus, utterances)
        unchanged()
    folder.write_split(material.labelled)
    with open_loggers(config, corpus.name, folder) as loggers:
        said, diagnosis = recognise(config, material, folder, loggers, times)
        found = said[config["label_policy"]]
        predictions.write(folder.predictions, found)
        results = summarise(config, corpus, material, left_out, found, diagnosis, folder)
        folder.write_audit(results["audit"])
        results["times_s"] = times
        conclude(loggers, results, folder)
        folder.write_metrics(results)  # closing an online logger may wait for the network
    shutil.rmtree(folder.path / CLASSIFIERS, ignore_errors=True)


def recognise(
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
    times: dict[str, float],
) -> tuple[dict[str, predictions.Predictions], dict[str, Any]]:
    """The predictions under each label policy, and what the run says of itself beside them."""
    model = fresh_model(config, material.segments.size, len(material.emotions))
    if model.level == "utterance":
        with timed(times, "classify"):
            found = utterance_level.recognise(model, config, material, folder.path, loggers)
        return {config["label_policy"]: found}, dict(NOTHING_TO_DIAGNOSE)
    with timed(times, "pretrain"):
        models = represent(model, config, material, folder, loggers)
    recognisers = Recognisers(config, models, material, folder.path / CLASSIFIERS, loggers)
    with timed(times, "classify"):
        probabilities = {
            name: recognisers.probabilities(policy_of(name)) for name in policies_of(config, model)
        }
    recognisers.keep_headline(folder.path)
    test = material.utterances_of("test")
    said = {
        name: predictions.predictions(test, material.emotions, probability)
        for name, probability in probabilities.items()
    }
    if len(said) > 1:
        for name, own in said.items():
            predictions.write(folder.policy(name), own)
    with timed(times, "diagnose"):
        illustrate(recognisers, folder)
        return said, diagnose(recognisers, said, config["choice"]["split"])


@contextmanager
def timed(times: dict[str, float], stage: str) -> Iterator[None]:
    """Note how long a stage took, in s."""
    began = time.perf_counter()
    yield
    times[stage] = time.perf_counter() - began
