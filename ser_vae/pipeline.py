"""The paper's Fig. 1: speech -> segments -> latents -> LSTM -> emotion."""

import logging
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.loggers import Logger

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.corpus.utterance import SYNTHETIC, Corpus, Utterance
from ser_vae.data.audit import audit
from ser_vae.data.material import Material
from ser_vae.data.segment import cut
from ser_vae.data.usable import report_unusable, unusable
from ser_vae.evaluation import predictions, summary
from ser_vae.features.normalise import standardise
from ser_vae.features.store import FeatureStore
from ser_vae.inventory import corpus_warnings
from ser_vae.logger.closing import close_all
from ser_vae.logger.run import LoggedRun
from ser_vae.run_folder import RunFolder, digest
from ser_vae.split.fold import fold_of
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.encode import LEAKING, condition, encode
from ser_vae.training.fit import LAST, fit
from ser_vae.training.history import replay
from ser_vae.training.predict import probabilities
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.seeding import seed_for

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


def prepare(
    config: Config, corpus: Corpus, utterances: Sequence[Utterance]
) -> tuple[Material, dict[str, str]]:
    """Speech -> standardised segments, labels and parts (IV-A, IV-B).

    Also returns the utterances that had to be left out, with the reason for each.
    """
    store = FeatureStore(
        Path(config["cache"]).expanduser() / "features",
        build(config["features"]),
        config["jobs"] or os.cpu_count() or 1,
    )
    cutting = {key: config["data"][key] for key in ("length", "hop", "remainder")}
    left_out = unusable(store, utterances, **cutting)
    report_unusable(left_out, len(utterances), config["bad_audio"])
    kept = sorted((u for u in utterances if u.id not in left_out), key=lambda u: u.id)
    folds = build(config["split"], kept, seed=config["seed"])
    assigned = fold_of(folds, config["fold"], config["choice"]["split"])
    parts = [assigned[utterance.id] for utterance in kept]
    segments = cut([store.frames(utterance) for utterance in kept], **cutting)
    standardise(
        segments.frames_of_each(),
        config["normalise"],
        [utterance.speaker for utterance in kept],
        [part == "train" for part in parts],  # no statistic of the test part reaches training
    )
    label = torch.tensor([corpus.emotions.index(utterance.emotion) for utterance in kept])
    digests = [store.digest(utterance) for utterance in kept]
    made = Material(kept, digests, segments, label, parts, corpus.emotions, len(folds))
    return made, left_out


def networks(config: Config, material: Material) -> tuple[Any, torch.nn.Module]:
    """The representation and the classifier as initialised: a wrong setting is met before hours."""
    classes = len(material.emotions)
    torch.manual_seed(seed_for(config["seed"], "pretrain", "initialisation"))
    model = build(config["model"], input_size=material.segments.size, num_classes=classes)
    check_told(config, model)
    torch.manual_seed(seed_for(config["seed"], "classify", "initialisation"))
    classifier: torch.nn.Module = build(
        config["classifier"], input_size=model.latent_size, num_classes=classes
    )
    return model, classifier


def check_told(config: Config, model: Any) -> None:
    """Refuse what would be accepted and ignored, or fail after hours of pretraining."""
    policy, kind = config["label_policy"], type(model).__name__
    if policy != "null" and not model.conditional:
        raise SerVaeError(
            f"label_policy={policy}: a {kind} is never told a label.\n"
            "Use model=cvae, or leave label_policy alone."
        )
    if config["training"]["latent"] == "sample" and not hasattr(model, "posterior"):
        raise SerVaeError(
            f"training.latent=sample: a {kind} has no posterior to sample from.\n"
            "Use model=vae or model=cvae, or training.latent=mu."
        )


def represent(
    model: torch.nn.Module,
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> None:
    """Make `model` a representation (III-A): pretrain it, take an equal run's weights, or load."""
    source = config["training"]["pretrained"]
    if source == "auto":
        shared = RunFolder(Path(config["runs"]) / "pretrained" / pretrained_name(config, material))
        with shared.lock():
            if config["force"]:
                shared.clear()
            pretrain(model, config, material, shared.path, loggers)
        shutil.copyfile(shared.path / "pretrain.csv", folder.path / "pretrain.csv")
    elif source != "none":
        weights.load(model, Path(source))
    weights.save(model, folder.path / "pretrained.ckpt")


def pretrained_name(config: Config, material: Material) -> str:
    """An address of all that pretraining depends on, so that no fold meets another's encoder."""
    settings = [list(material.emotions)]
    settings += [config[key] for key in ("features", "data", "normalise", "model", "seed")]
    training = [config["training"]["pretrain"], config["trainer"]]
    items = zip(material.utterances, material.digests, material.parts, strict=True)
    utterances = [(u.id, u.speaker, u.emotion, audio, part) for u, audio, part in items]
    return f"{config['choice']['model']}-{digest([settings, training, utterances])}"


def pretrain(
    model: Any, config: Config, material: Material, folder: Path, loggers: Sequence[Logger]
) -> None:
    """Train `model` in `folder`, or take the weights and curves that an equal run left there."""
    finished = folder / "pretrained.ckpt"
    if finished.exists():
        weights.load(model, finished)
        replay(folder / "pretrain.csv", loggers)
        return
    stage = Pretrain(
        model, seed_for(config["seed"], "pretrain"), config["training"]["pretrain"]["optimizer"]
    )
    train, validation = material.segment_set("train"), material.segment_set("validation")
    fit(stage, train, validation, folder=folder, loggers=loggers, **fit_settings(config, stage))
    weights.save(model, finished)
    (folder / LAST).unlink()


def classify(
    classifier: torch.nn.Module,
    model: torch.nn.Module,
    config: Config,
    material: Material,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> predictions.Predictions:
    """Train the classifier on the training part's latents, predict the test part (III-B, IV-D)."""
    training, seed = config["training"], seed_for(config["seed"], "classify")
    told = condition(config["label_policy"], material.label, len(material.emotions))
    device = lightning.Fabric(accelerator=config["trainer"]["accelerator"], devices=1).device
    sample, frozen = training["latent"] == "sample", training["encoder_lr"] is None
    source: Any = material.segments
    if frozen:
        source = encode(model, source, told, sample=sample, seed=seed, device=device)
    stage = Classify(
        classifier,
        seed,
        training["classify"]["optimizer"],
        encoder=None if frozen else model,
        encoder_lr=training["encoder_lr"],
        sample=sample,
    )
    train, validation, test = (
        material.sequence_set(part, source, told) for part in ("train", "validation", "test")
    )
    working = folder.path / "classify"
    fit(stage, train, validation, folder=working, loggers=loggers, **fit_settings(config, stage))
    shutil.copyfile(working / "classify.csv", folder.path / "classify.csv")
    weights.save(stage, folder.path / "classifier.ckpt")
    found = probabilities(stage, test, batch_size=training["classify"]["batch_size"], device=device)
    return predictions.predictions(material.utterances_of("test"), material.emotions, found)


def fit_settings(config: Config, stage: Pretrain | Classify) -> dict[str, Any]:
    """What `fit` is told by the configuration."""
    settings = {k: v for k, v in config["training"][stage.stage].items() if k != "optimizer"}
    trainer = dict(config["trainer"])
    if isinstance(stage, Classify) and stage.encoder and trainer["strategy"] == "ddp_spawn":
        trainer["strategy"] = "ddp_spawn_find_unused_parameters_true"  # its decoder has no gradient
    return {
        **settings,
        "trainer": trainer,
        "progress": config["progress"] and sys.stderr.isatty(),
    }


def summarise(
    config: Config,
    corpus: Corpus,
    material: Material,
    left_out: Mapping[str, str],
    found: predictions.Predictions,
    folder: RunFolder,
) -> dict[str, Any]:
    """What metrics.json holds: the scores, and all that one must know to read them."""
    choice, train = config["choice"], material.utterances_of("train")
    used = zip(material.utterances, material.digests, strict=True)
    caveats = [SYNTHETIC] if corpus.synthetic else []
    if config["label_policy"] in LEAKING:
        caveats.append(f"label_policy={config['label_policy']}: test labels leak, no result")
    if config["normalise"] == "speaker":
        caveats.append("normalise=speaker: transductive, uses the test speakers' audio")
    if found_odd := corpus_warnings(corpus):
        caveats.append(f"{len(found_odd)} warnings about this copy of the corpus (ser_vae.check)")
    if left_out:
        caveats.append(f"{len(left_out)} unusable utterances left out")
    return {
        "run": folder.name,
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "data": choice["data"],
        "model": choice["model"],
        "protocol": choice["split"],
        "fold": config["fold"],
        "folds": material.folds,
        "seed": config["seed"],
        "label_policy": config["label_policy"],
        "leaks": config["label_policy"] in LEAKING,
        "material": digest([(u.id, u.speaker, u.emotion, u.part, audio) for u, audio in used]),
        "caveats": caveats,
        "emotions": list(material.emotions),
        "audit": audit(
            [*train, *material.utterances_of("validation")],
            material.utterances_of("test"),
            everything=[*corpus.utterances, *corpus.others],
            digests={u.id: d for u, d in zip(material.utterances, material.digests, strict=True)},
        ),
        **summary.scores_and_baseline(found, train, choice["split"]),
        "counts": summary.counts(material.utterances, material.parts, material.segments.count),
        "left_out": dict(left_out),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


@contextmanager
def open_loggers(config: Config, corpus: str, folder: RunFolder) -> Iterator[list[Logger]]:
    """The configured loggers, one run of each for both stages, closed whatever happens."""
    choice = config["choice"]
    tags = (choice["model"], choice["data"], corpus, choice["split"], f"seed{config['seed']}")
    run = LoggedRun(folder.name, folder.path, f"{corpus}-{choice['split']}", tags, config)
    opened = [build(logger, run) for logger in config["logger"].values()]
    loggers = [logger for logger in opened if logger is not None]
    failed = True
    try:
        yield loggers
        failed = False
    finally:
        close_all(loggers, failed=failed)
