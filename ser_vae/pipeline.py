"""The paper's Fig. 1: speech -> segments -> latents -> LSTM -> emotion, from top to bottom.

prepare    speech -> standardised segments, labels and sets
pretrain   segments -> representations, one for each way to pretrain that is needed
classify   latents -> classifiers, and the recogniser that is scored and saved
evaluate   the test set's predictions, under every label policy that is reported
diagnose   scores of the label policies, leaks, health, probes
save       everything that a run leaves behind
"""

import copy
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch.loggers import Logger
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae import settings as typed
from ser_vae.baseline.svm import fit_temperature
from ser_vae.classifier.head import Head, SequenceEstimator
from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.corpus.completeness import corpus_warnings
from ser_vae.corpus.utterance import GROUPS, SYNTHETIC, Corpus, Utterance
from ser_vae.data.audit import audit
from ser_vae.data.prepared import NO_LABEL, PreparedData, utterance_table
from ser_vae.data.segment import MemoryOrFile, Segmentation, cut
from ser_vae.data.sets import SequenceSet
from ser_vae.data.subset import UNLABELLED, of_training_speakers
from ser_vae.data.usable import check_classes, report_unusable, unusable
from ser_vae.evaluation import illustrations, latents
from ser_vae.evaluation.calibration import calibration
from ser_vae.evaluation.compare import ua_difference
from ser_vae.evaluation.illustrations import Illustrations
from ser_vae.evaluation.metrics import evaluate as score
from ser_vae.evaluation.metrics import scores
from ser_vae.evaluation.predictions import Predictions, predictions
from ser_vae.evaluation.probes import probes, reads_label, share_with_interval
from ser_vae.evaluation.summary import counts, scores_and_baseline
from ser_vae.features.audio import Samples
from ser_vae.features.extractor import Extractor
from ser_vae.features.functionals import functionals
from ser_vae.features.normalise import Normaliser
from ser_vae.features.store import FeatureStore, Stored
from ser_vae.logger import LoggedRun, flatten, log_final, open_loggers
from ser_vae.model.representation import Fitted, Representation
from ser_vae.model.utterance_vae import UtteranceVAE
from ser_vae.recogniser import Components, Recogniser, build_model, software, utterance_data
from ser_vae.run_folder import RunFolder, digest
from ser_vae.settings import Settings, UtteranceVAEModel, build, check_devices
from ser_vae.split import check_training_set, random, select_fold
from ser_vae.split.grouped import grouped_folds
from ser_vae.terminal import stderr
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.devices import barrier, device_of, is_rank_zero
from ser_vae.training.fit import LAST, count_epochs, fit
from ser_vae.training.health import draw_segments, measure_health
from ser_vae.training.history import describe, read_budgets, replay
from ser_vae.training.illustrate import Illustrator, typical_utterances
from ser_vae.training.label_policy import (
    LEAKING,
    POLICIES,
    USES_BOUNDS,
    Condition,
    LabelPolicy,
    Pretraining,
    Trained,
    given,
    random_labels,
)
from ser_vae.training.predict import (
    Encoder,
    LatentClassifier,
    Marginal,
    as_sequences,
    encode,
    one_hot_condition,
    uniform_condition,
    with_temperature,
)
from ser_vae.training.pretrain import Pretrain
from ser_vae.training.seeding import seed_for
from ser_vae.training.stage import Stage
from ser_vae.training.utterance import ClassifyUtterances, UtteranceSet
from ser_vae.training.weights import PretrainingRecord

log = logging.getLogger(__name__)

LEARNED = ("train", UNLABELLED)  # the sets that a representation learns from
HELD_OUT = "held out"  # the set of the training utterances that the temperature is fitted on
HELD_OUT_PROPORTION = 0.2
CLASSIFIERS = "classify"  # sub-folder of a run's classifiers, until it is finished
PRIOR_DRAWS = 6  # segments from the prior for each emotion, in illustrations.npz

Representations = Mapping[Pretraining, Representation]
Classifiers = dict[tuple[Pretraining, Condition], LatentClassifier]


@dataclass(frozen=True)
class Result:
    """The test set's predictions.

    Attributes:
        recogniser: made those of the run's own label policy; None of its files is written yet.
        by_policy: by label policy; the run's own and, of a CVAE, those reported beside it.
        trained: the networks behind the run's own policy; None for an utterance-level model.
        calibration: the temperature, and nll and ece of the test set before and after it; None
            without calibration.
    """

    recogniser: Recogniser
    by_policy: dict[str, Predictions]
    trained: Trained | None
    calibration: dict[str, Any] | None = None


def execute(
    settings: Settings,
    corpus: Corpus,
    utterances: Sequence[Utterance],
    folder: RunFolder,
    check_unchanged: Callable[[], None],
) -> None:
    """Do all of one run, and leave its results in `folder`; metrics.json comes last.

    `check_unchanged` raises an error if the corpus is no longer the one of the folder's address.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    times: dict[str, float] = {}
    with timed(times, "features"):
        data, left_out = prepare(settings, corpus, utterances)
        check_unchanged()
    folder.write_split(
        (row.utterance, row.part) for row in data.table.itertuples() if row.part != UNLABELLED
    )
    with open_loggers(
        settings.logger.values(), logged_run(settings, corpus.name, data, folder)
    ) as loggers:
        model = fresh_model(settings, data)
        with timed(times, "pretrain"):
            representations = pretrain(settings, model, data, folder, loggers)
        with timed(times, "classify"):
            recogniser, classifiers, whole = classify(
                settings, model, representations, data, folder, loggers
            )
            temperature = calibrate(settings, recogniser, data, folder)
            recogniser = replace(recogniser, temperature=temperature)
            result = evaluate(settings, recogniser, representations, classifiers, data, whole)
        with (
            timed(times, "diagnose"),
            stderr().status("diagnosis: policies, leaks, health, probes"),
        ):
            diagnosis = diagnose(settings, result, data, folder)
        save(settings, corpus, data, left_out, result, diagnosis, times, folder, loggers)


def check(settings: Settings, corpus: Corpus, utterances: Sequence[Utterance]) -> None:
    """Find what cannot be had before any speech is read, which takes hours.

    Raises:
        SerVaeError: there is no such device, split or fold, or the pretrained weights do not fit.
    """
    check_devices(settings.trainer)
    segmentation_of(settings, build(settings.features))  # a segment has at least one frame
    if settings.bad_audio == "error":  # otherwise what is left out may change the split
        assign_parts(settings, utterances)
    source = settings.training.pretrained
    if source not in ("auto", "none"):
        record = PretrainingRecord.read(Path(source))
        record.check(source, corpus.emotions, record_settings(settings))


# prepare


def prepare(
    settings: Settings, corpus: Corpus, utterances: Sequence[Utterance]
) -> tuple[PreparedData, dict[str, str]]:
    """Speech -> standardised segments, labels and sets (IV-A, IV-B).

    Also returns the utterances that had to be left out, with the reason for each.
    """
    extractor: Extractor = build(settings.features)
    store = feature_store(settings, extractor)
    segmentation = segmentation_of(settings, extractor)
    left_out: dict[str, str] = {}

    def usable(wanted: Sequence[Utterance]) -> list[Utterance]:
        reasons = unusable(store, wanted, segmentation)
        report_unusable(reasons, len(wanted), settings.bad_audio)
        left_out.update(reasons)
        return sorted((u for u in wanted if u.id not in reasons), key=lambda u: u.id)

    kept = usable(utterances)
    check_classes(corpus.emotions, kept)
    parts, folds = assign_parts(settings, kept)
    part = [parts[utterance.id] for utterance in kept]
    label = [corpus.emotions.index(utterance.emotion) for utterance in kept]
    if settings.training.unlabelled:
        others = usable(of_training_speakers(corpus.others, kept, part, settings.data.style))
        kept, part = [*kept, *others], [*part, *(UNLABELLED for _ in others)]
        label += [NO_LABEL for _ in others]
    segments = cut(
        Stored(store, kept),
        segmentation,
        allocate=MemoryOrFile(settings.memory_gb, Path(settings.cache).expanduser()),
        available=[store.length(utterance) for utterance in kept],
    )
    speakers = [utterance.speaker for utterance in kept]
    frames = segments.frames_by_utterance()
    in_train = [each == "train" for each in part]  # no statistic of the test set reaches training
    normaliser = Normaliser.fit(settings.normalise, frames, speakers, in_train)
    for view, speaker in zip(frames, speakers, strict=True):
        normaliser.apply(view, speaker)
    digests = [store.digest(utterance) for utterance in kept]
    contents = [store.content(utterance) for utterance in kept]
    table = utterance_table(kept, label, part, digests, contents)
    return PreparedData(table, segments, corpus.emotions, folds, normaliser), left_out


def assign_parts(
    settings: Settings, utterances: Sequence[Utterance]
) -> tuple[Mapping[str, str], int]:
    """Return the set of each utterance in the requested fold, and the number of folds."""
    folds = build(settings.split, utterances, seed=settings.seed)
    fold = select_fold(folds, settings.fold, settings.choice.split)
    check_training_set(fold, utterances, settings.choice.split)
    return fold, len(folds)


def segmentation_of(settings: Settings, extractor: Extractor) -> Segmentation:
    data = settings.data
    return Segmentation.from_seconds(
        data.segment_s, data.hop_s, data.remainder, extractor.frame_shift_s
    )


def feature_store(settings: Settings, extractor: Extractor) -> FeatureStore:
    """Open the store of an extractor's frames in the run's cache."""
    folder = Path(settings.cache).expanduser() / "features"
    return FeatureStore(folder, extractor, settings.jobs or os.cpu_count() or 1)


# pretrain


def fresh_model(settings: Settings, data: PreparedData) -> Any:
    """Build the configured model as initialised, the same each time."""
    torch.manual_seed(seed_for(settings.seed, "pretrain", "initialisation"))
    extractor: Extractor = build(settings.features)
    segmentation = segmentation_of(settings, extractor)
    return build_model(settings.model, extractor, segmentation, data.classes)


def pretrain(
    settings: Settings,
    model: Any,
    data: PreparedData,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> Representations:
    """Stage 1: segments -> the representation under each way to pretrain that policies need.

    Leaves the weights and curves of the run's own policy in `folder`. Returns nothing for an
    utterance-level model.
    """
    if model.level == "utterance":
        return {}
    main_way = POLICIES[settings.label_policy].pretraining
    ways = sorted({policy.pretraining for policy in reported_policies(settings, model)})
    representations: dict[Pretraining, Representation] = {way: copy.deepcopy(model) for way in ways}
    for way, representation in representations.items():
        curves = folder.path / "pretrain.csv" if way == main_way else None
        acquire(settings, representation, way, data, loggers if curves else (), curves)
    pretraining_record(settings, data).write(folder.pretrained)
    weights.save(representations[main_way], folder.pretrained)
    return representations


def acquire(
    settings: Settings,
    model: Representation,
    way: Pretraining,
    data: PreparedData,
    loggers: Sequence[Logger],
    curves: Path | None,
) -> None:
    """Fit, pretrain or load a representation; its curves are copied to the file `curves`."""
    source = settings.training.pretrained
    if source == "none":
        return
    if source != "auto":
        weights.load(model, Path(source))
        return
    if not model.quantities:  # nothing to learn by gradient
        if isinstance(model, Fitted):
            model.fit(data.segments_of(*LEARNED))
        return
    label_dropout = settings.training.label_dropout if way == "dropout" else 0.0
    name = pretrained_name(settings, data, label_dropout)
    shared = RunFolder(Path(settings.runs) / "pretrained" / name, is_rank_zero())
    with shared.lock():
        barrier()
        if settings.force:
            shared.clear()
        pretrain_shared(settings, model, label_dropout, data, shared.path, loggers)
        if curves:  # while it is locked: another run with force=true clears it
            shared.copy("pretrain.csv", curves)


def pretrain_shared(
    settings: Settings,
    model: Representation,
    label_dropout: float,
    data: PreparedData,
    folder: Path,
    loggers: Sequence[Logger],
) -> None:
    """Train `model` in `folder`, or load the weights that an equal run left there."""
    finished = folder / "pretrained.ckpt"
    if finished.exists():
        weights.load(model, finished)
        replay(folder / "pretrain.csv", loggers)
        return
    train, validation = data.segment_set(*LEARNED), data.segment_set("validation")
    seed = seed_for(settings.seed, "pretrain")
    stage = Pretrain(
        model,
        seed,
        settings.training.pretrain.optimizer.model_dump(),
        label_dropout=label_dropout,
        monitored=draw_segments(train, seed),
    )
    run_stage(settings, stage, train, validation, folder, loggers)
    pretraining_record(settings, data).write(finished)
    weights.save(model, finished)
    barrier()
    (folder / LAST).unlink(missing_ok=True)


def run_stage(
    settings: Settings,
    stage: Stage,
    train: Any,
    validation: Any,
    folder: Path,
    loggers: Sequence[Logger],
) -> None:
    """Train a stage as configured. An LSTM is never compiled: its batches differ in length."""
    stage_settings: typed.Stage = getattr(settings.training, stage.stage)
    if isinstance(settings.model, UtteranceVAEModel):
        stage_settings = settings.model.training
    fit(
        stage,
        train,
        validation,
        folder=folder,
        settings=stage_settings,
        trainer=settings.trainer,
        compiled=settings.compile and not isinstance(stage, Classify),
        loggers=loggers,
        progress=settings.progress and sys.stderr.isatty(),
    )


def pretrained_name(settings: Settings, data: PreparedData, label_dropout: float) -> str:
    """Name the shared folder by all that pretraining depends on, so that folds never mix."""
    config = settings.plain()
    parts = [list(data.emotions), label_dropout, settings.code_digest("features", "model")]
    parts += [config[key] for key in ("features", "data", "normalise", "model", "seed")]
    training = [config["training"]["pretrain"], config["trainer"]]
    rows = [
        (row.utterance.id, row.utterance.speaker, row.label, row.digest, row.part)
        for row in data.table.itertuples()
    ]
    return f"{settings.choice.model}-{digest([parts, training, rows])}"


def pretraining_record(settings: Settings, data: PreparedData) -> PretrainingRecord:
    """State what the representation was pretrained on: by this run, or before it."""
    source = settings.training.pretrained
    if source not in ("auto", "none"):
        return PretrainingRecord.read(Path(source))
    digests = [] if source == "none" else list(data.rows(*LEARNED)["digest"])
    return PretrainingRecord.of(digests, data.emotions, record_settings(settings))


def record_settings(settings: Settings) -> dict[str, Any]:
    config = settings.plain()
    return {key: config[key] for key in ("features", "data", "normalise")}


# classify


def classify(
    settings: Settings,
    model: Any,
    representations: Representations,
    data: PreparedData,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> tuple[Recogniser, Classifiers, Samples | None]:
    """Stage 2: fit the classifiers on training-set latents, or an utterance-level model.

    Returns the recogniser of the run's own label policy, all classifiers that the reported
    policies need, and what an utterance-level model's extractor made of each utterance (U, E).
    """
    policy = POLICIES[settings.label_policy]
    if not representations:
        whole = whole_utterances(settings, model, data)
        fit_utterance_level(settings, model, data, whole, folder, loggers)
        return new_recogniser(settings, data, policy, None, {}, model), {}, whole
    reported = reported_policies(settings, model)
    needed = {(other.pretraining, each) for other in reported for each in other.classifiers}
    if len(reported) > 1:  # for the leak panel
        needed |= {(policy.pretraining, each) for each in ("none", "label")}
    classifiers: Classifiers = {}
    for pretraining, condition in sorted(needed):
        main = (pretraining, condition) == (policy.pretraining, policy.condition)
        classifiers[pretraining, condition] = train_classifier(
            settings,
            representations[pretraining],
            condition,
            data,
            folder.path / CLASSIFIERS / f"{pretraining}-{condition}",
            loggers if main else (),
        )
        if main:
            for name in ("classifier.ckpt", "classify.csv"):
                folder.copy(f"{CLASSIFIERS}/{pretraining}-{condition}/{name}", folder.path / name)
    if settings.label_policy == "random":
        labels = random_labels(len(data.table), data.classes, settings.seed)
        policy = given("random", labels[data.mask("test")])
    used = {each: classifiers[policy.pretraining, each] for each in policy.classifiers}
    representation = representations[policy.pretraining]
    recogniser = new_recogniser(settings, data, policy, representation, used, None)
    return recogniser, classifiers, None


def new_recogniser(
    settings: Settings,
    data: PreparedData,
    policy: LabelPolicy,
    representation: Representation | None,
    classifiers: Mapping[Condition, LatentClassifier],
    estimator: Any,
) -> Recogniser:
    extractor: Extractor = build(settings.features)
    return Recogniser(
        extractor=extractor,
        segmentation=segmentation_of(settings, extractor),
        normaliser=data.normaliser,
        emotions=data.emotions,
        seed=settings.seed,
        policy=policy,
        representation=representation,
        classifiers=classifiers,
        estimator=estimator,
        components=Components(settings.features, settings.model, settings.classifier),
        about={},
        device=device_of(settings.trainer.accelerator),
    )


def train_classifier(
    settings: Settings,
    representation: Representation,
    condition: Condition,
    data: PreparedData,
    folder: Path,
    loggers: Sequence[Logger],
) -> LatentClassifier:
    """Train the configured classifier behind an encoder, or load what an interrupted run left.

    Args:
        settings: of the run.
        representation: segments -> latents; if it is fine-tuned, a copy of it.
        condition: what the encoder gets while the classifier learns.
        data: labels of the training set (and validation set) are learned.
        folder: of this classifier, for `classifier.ckpt` and the curves `classify.csv`.
        loggers: where its curves go besides.
    """
    encoder: Encoder = representation
    if condition == "every":
        encoder = Marginal(representation, data.classes)
    torch.manual_seed(seed_for(settings.seed, "classify", "initialisation"))
    head: Head | SequenceEstimator = build(
        settings.classifier, input_size=encoder.latent_size, num_classes=data.classes
    )
    fine_tuned = settings.training.encoder_lr is not None
    classifier = LatentClassifier(
        copy.deepcopy(encoder) if fine_tuned else encoder,
        head,
        fine_tuned=fine_tuned,
        sample=settings.training.latent == "sample",
        seed=settings.seed,
        batch_size=settings.training.classify.batch_size,
        max_padded=settings.max_batch_segments,
        device=device_of(settings.trainer.accelerator),
    )
    if fine_tuned:
        classifier.encoder.train()
    conditions = training_condition(condition, data)
    if isinstance(head, SequenceEstimator):
        head.fit(
            as_sequences(latents_of(classifier, data, conditions, "all"), data.segments),
            data.speakers(),
            training_labels(data),
            list(data.table["part"]),
            emotions=data.emotions,
            normalise=settings.normalise,
            seed=seed_for(settings.seed, "classify"),
        )
        return classifier
    stage = Classify(
        head,
        seed_for(settings.seed, "classify"),
        settings.training.classify.optimizer.model_dump(),
        encoder=classifier.encoder if fine_tuned else None,
        encoder_lr=settings.training.encoder_lr,
        sample=classifier.sample,
    )
    finished = folder / "classifier.ckpt"
    if finished.exists():
        weights.load(stage, finished)
        replay(folder / "classify.csv", loggers)
        return classifier
    train, validation = (
        sequences(classifier, data, conditions, part) for part in ("train", "validation")
    )
    if isinstance(head, LSTMClassifier) and head.standardise:
        head.fit_scale(latents_of(classifier, data, conditions, "train"))
    run_stage(settings, stage, train, validation, folder, loggers)
    weights.save(stage, finished)
    barrier()
    return classifier


def calibrate(
    settings: Settings, recogniser: Recogniser, data: PreparedData, folder: RunFolder
) -> float:
    """Fit the temperature of the recogniser's probabilities; 1 if it is not to be calibrated.

    The classifiers are trained once more, without a part of the training set on which the
    temperature is fitted. The recogniser's own ones have learned all of it.
    """
    classifiers, model = recogniser.classifiers, recogniser.representation
    if not settings.calibrate or not classifiers or model is None:
        return 1.0
    if any(isinstance(each.head, SequenceEstimator) for each in classifiers.values()):
        return 1.0  # it has a temperature of its own
    try:
        divided = hold_out(settings, data)
    except SerVaeError as error:
        log.warning("calibrate=true: probabilities are not calibrated: %s", error)
        return 1.0
    refitted: dict[Condition, LatentClassifier] = {}
    for condition in classifiers:
        path = folder.path / CLASSIFIERS / f"calibration-{condition}"
        refitted[condition] = train_classifier(settings, model, condition, divided, path, ())
    policy = POLICIES[settings.label_policy]
    trained = recogniser.trained(divided.segments_of(HELD_OUT), divided.speakers(HELD_OUT))
    probability = policy.probabilities(replace(trained, classifiers=refitted))
    log_probability = np.log(np.maximum(probability, np.finfo(np.float64).tiny))
    return fit_temperature(log_probability, divided.label[divided.mask(HELD_OUT)].numpy())


def hold_out(settings: Settings, data: PreparedData) -> PreparedData:
    """Move a part of the training set to the set HELD_OUT, as the protocol draws a test set.

    Whole groups of the protocol, or whole speakers, if the test set has others than the training
    set.

    Raises:
        SerVaeError: the training set is too small.
    """
    train, seed = data.utterances("train"), seed_for(settings.seed, "calibration") % 2**32
    group = settings.choice.split if settings.choice.split in GROUPS else "speaker"
    groups, of_test = ({GROUPS[group](u) for u in data.utterances(p)} for p in ("train", "test"))
    if groups & of_test or None in groups or len(groups) < 2:
        folds = random.folds(train, seed=seed, test=HELD_OUT_PROPORTION, validation=0)
    else:
        count = round(1 / HELD_OUT_PROPORTION)
        options = {"leave_one_out_up_to": 0, "folds": count, "validation": 0}
        folds = grouped_folds(train, group, seed=seed, **options)
    names = {"train": "train", "test": HELD_OUT}
    part = [
        names[folds[0][row.utterance.id]] if row.part == "train" else row.part
        for row in data.table.itertuples()
    ]
    return replace(data, table=data.table.assign(part=part))


def training_condition(condition: Condition, data: PreparedData) -> Tensor:
    """(U, K); a label is given to the encoder for the training set only."""
    conditions = uniform_condition(len(data.table), data.classes)
    if condition == "label":
        train = data.mask("train")
        conditions[train] = one_hot_condition(data.label[train], data.classes)
    return conditions


def training_labels(data: PreparedData) -> Any:
    """(U,) the labels of the training set, NO_LABEL for all others."""
    return data.label.where(data.mask("train"), torch.tensor(NO_LABEL)).numpy()


def sequences(
    classifier: LatentClassifier, data: PreparedData, conditions: Tensor, part: str
) -> SequenceSet:
    """Arrange a set as sequences of latents, or of segments if the encoder is fine-tuned."""
    source: Any = data.segments_of(part)
    if not classifier.fine_tuned:
        source = latents_of(classifier, data, conditions, part)
    return data.sequence_set(part, source, conditions, classifier.max_padded)


def latents_of(
    classifier: LatentClassifier, data: PreparedData, conditions: Tensor, part: str
) -> Tensor:
    """Encode a set, or `all`: (N, Z)."""
    everything = part == "all"
    return encode(
        classifier.encoder,
        data.segments if everything else data.segments_of(part),
        conditions if everything else conditions[data.mask(part)],
        sample=classifier.sample,
        seed=seed_for(classifier.seed, "latents", part),
        device=classifier.device,
    )


def whole_utterances(settings: Settings, model: Any, data: PreparedData) -> Samples | None:
    """Compute the row that a model's own extractor makes of each utterance: (U, E).

    Raises:
        SerVaeError: the extractor cannot use an utterance.
    """
    if model.extractor is None:
        return None
    store, utterances = feature_store(settings, model.extractor), data.utterances()
    if reasons := store.compute(utterances):
        name, reason = min(reasons.items())
        raise SerVaeError(
            f"model={settings.choice.model}: {len(reasons)} of {len(utterances)} utterances "
            f"cannot be used, such as {name}: {reason}.\n"
            "Leave them out of the corpus, or repair the files."
        )
    rows: Samples = np.concatenate([store.frames(utterance) for utterance in utterances])
    return rows


def fit_utterance_level(
    settings: Settings,
    model: Any,
    data: PreparedData,
    whole: Samples | None,
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> None:
    """Fit a model of whole utterances in place; a network leaves its curves in `folder`."""
    everything, part = utterance_data(data.segments, data.speakers(), whole), data.table["part"]
    labels = training_labels(data)
    if not isinstance(model, UtteranceVAE):
        model.fit(
            everything,
            labels,
            list(part),
            emotions=data.emotions,
            normalise=settings.normalise,
            seed=seed_for(settings.seed, "statistics"),
        )
        return
    values = model.vectors.fit(everything, list(part), settings.normalise)
    assert isinstance(settings.model, UtteranceVAEModel)
    optimizer = settings.model.training.optimizer.model_dump()
    stage = ClassifyUtterances(model, seed_for(settings.seed, "classify"), optimizer)
    finished = folder.path / "classifier.ckpt"
    if finished.exists():
        weights.load(stage, finished)
        replay(folder.path / "classify.csv", loggers)
        return
    masks = data.mask(*LEARNED), data.mask("validation")
    train, validation = (UtteranceSet(values[mask.numpy()], data.label[mask]) for mask in masks)
    run_stage(settings, stage, train, validation, folder.path, loggers)
    weights.save(stage, finished)
    barrier()
    (folder.path / LAST).unlink(missing_ok=True)


def reported_policies(settings: Settings, model: Any) -> list[LabelPolicy]:
    """List the label policies that a run reports; see `label_policies` in conf/config.yaml."""
    main = POLICIES[settings.label_policy]
    if not model.conditional or settings.label_policies == "headline":
        return [main]
    encoders = ("label", "dropout") if settings.label_policies == "all" else (main.pretraining,)
    has_bound = {"squared_error", "kl"} <= set(model.quantities)
    pretrains = settings.training.pretrained == "auto"
    return [
        policy
        for policy in POLICIES.values()
        if policy.pretraining in encoders
        and (pretrains or policy.pretraining == "label")
        and (has_bound or policy.name not in USES_BOUNDS)
    ]


# evaluate


def evaluate(
    settings: Settings,
    recogniser: Recogniser,
    representations: Representations,
    classifiers: Classifiers,
    data: PreparedData,
    whole: Samples | None,
) -> Result:
    """Predict the test set: by the recogniser, and under the other policies that are reported."""
    test, speakers = data.segments_of("test"), data.speakers("test")
    mask = data.mask("test").numpy()
    temperature = recogniser.temperature
    uncalibrated = replace(recogniser, temperature=1.0)
    before = uncalibrated.classify(test, speakers, None if whole is None else whole[mask])
    after = labelled(data, with_temperature(before, temperature))
    by_policy: dict[str, Predictions] = {settings.label_policy: after}
    calibrated = None
    if temperature != 1:
        of_test = {"before": labelled(data, before), "after": after}
        measured = {k: calibration(p.truth, p.guess, p.probability) for k, p in of_test.items()}
        calibrated = {"temperature": temperature, **measured}
    if not representations:
        return Result(recogniser, by_policy, None)
    trained = {
        way: replace(
            recogniser.trained(test, speakers),
            representation=representation,
            classifiers={c: each for (p, c), each in classifiers.items() if p == way},
        )
        for way, representation in representations.items()
    }
    for policy in reported_policies(settings, recogniser.representation):
        if policy.name not in by_policy:
            applied = with_labels(policy.name, data, settings.seed)
            probability = applied.probabilities(trained[policy.pretraining])
            by_policy[policy.name] = labelled(data, probability)
    ordered = {name: by_policy[name] for name in POLICIES if name in by_policy}
    return Result(recogniser, ordered, trained[recogniser.policy.pretraining], calibrated)


def with_labels(name: str, data: PreparedData, seed: int) -> LabelPolicy:
    """Return a policy, with labels of the test set where it takes them from outside."""
    test = data.mask("test")
    if name == "oracle":  # the one place where test labels are read before scoring
        return given("oracle", data.label[test])
    if name == "random":
        return given("random", random_labels(len(data.table), data.classes, seed)[test])
    return POLICIES[name]


def labelled(data: PreparedData, probability: Any) -> Predictions:
    """Join probabilities (U_test, K) with the test set's labels."""
    rows = data.rows("test")
    return predictions(
        list(rows["utterance"]), rows["label"].to_numpy(), data.emotions, probability
    )


# diagnose


def diagnose(
    settings: Settings, result: Result, data: PreparedData, folder: RunFolder
) -> dict[str, Any]:
    """Compute the parts of metrics.json that only a representation of segments has."""
    trained, conditional = result.trained, len(result.by_policy) > 1
    if trained is None:
        return {"policies": {}, "leak_panel": None, "health": None, "probes": None}
    model = trained.representation
    means = utterance_means(model, data, uniform_condition(len(data.table), data.classes), trained)
    if is_rank_zero():
        illustrate(settings, result, data, means, folder)
    health = None
    if model.quantities:  # each segment with its label, as in pretraining; no prediction uses it
        health = measure_health(
            model,
            data.segment_set("test"),
            part="test",
            seed=seed_for(settings.seed, "health"),
            device=trained.device,
        )
    return {
        "policies": policy_scores(settings, result) if conditional else {},
        "leak_panel": leak_panel(settings, result, data, folder) if conditional else None,
        "health": health,
        "probes": probe_scores(means, data),
    }


def policy_scores(settings: Settings, result: Result) -> dict[str, Any]:
    protocol = settings.choice.split
    return {
        name: {**score(predicted, protocol), "leaks": name in LEAKING}
        for name, predicted in result.by_policy.items()
    }


def utterance_means(
    model: Representation, data: PreparedData, conditions: Tensor, trained: Trained
) -> Any:
    """Average mu over each utterance's segments: conditions (U, K) -> (U, Z)."""
    z = encode(model, data.segments, conditions, sample=False, seed=0, device=trained.device)
    return data.segments.mean_by_utterance(z).double().numpy()


def probe_scores(means: Any, data: PreparedData) -> dict[str, Any]:
    """Linear probes on an utterance's mean latent, and on mean and std of its frames."""
    utterances = data.utterances()
    frames = [frames.numpy() for frames in data.segments.frames_by_utterance()]
    return probes(
        means,
        np.stack([functionals("mean_and_deviation", each) for each in frames]),
        [utterance.emotion for utterance in utterances],
        [utterance.speaker for utterance in utterances],
        [utterance.sex for utterance in utterances],
        data.mask("train").numpy(),
        data.mask("test").numpy(),
    )


def leak_panel(
    settings: Settings, result: Result, data: PreparedData, folder: RunFolder
) -> dict[str, Any]:
    """Four measures of how much of the label that the encoder is given can be found behind it.

    All are of the encoder of the run's own policy.

    Returns:
        `follows_random_label`: how often the prediction is the random label that the encoder got.
        `random_label_in_z`: how often a linear probe reads it from an utterance's mean z.
        `permuted_labels`: UA of classifiers on labels permuted among the utterances: whatever the
            oracle gets beyond chance there, it got from the label that it was given. None unless
            label_policies=all, as it needs two more classifiers.
        `oracle_minus_null`: difference in UA; by itself no measure of a leak, as a label that is in
            z need not be used.
    """
    trained = result.trained
    assert trained is not None
    test, seed, chance = data.mask("test"), settings.seed, 1 / data.classes
    null, random, oracle = (
        labelled(data, with_labels(name, data, seed).probabilities(trained))
        for name in ("null", "random", "oracle")
    )
    random_label = random_labels(len(data.table), data.classes, seed)
    given_label = random_label[test].numpy()
    follows = int((random.guess == given_label).sum())
    z = utterance_means(
        trained.representation, data, one_hot_condition(random_label, data.classes), trained
    )
    return {
        "follows_random_label": {
            **share_with_interval(follows, len(given_label)),
            "chance": chance,
        },
        "random_label_in_z": reads_label(
            z, random_label.numpy(), data.mask("train").numpy(), test.numpy()
        ),
        "permuted_labels": None
        if settings.label_policies != "all"
        else {**permuted_scores(settings, trained, data, folder), "chance": chance},
        "oracle_minus_null": ua_difference(oracle, null),
    }


def permuted_scores(
    settings: Settings, trained: Trained, data: PreparedData, folder: RunFolder
) -> dict[str, float]:
    """UA of null and oracle if labels say nothing about speech: permuted within each set.

    Also oracle minus null, `difference`, with its 95 % interval, `low` to `high`.
    """
    label = data.label
    generator = torch.Generator().manual_seed(seed_for(settings.seed, "permuted"))
    for part in ("train", "test"):
        rows = data.mask(part).nonzero()[:, 0]
        label[rows] = label[rows[torch.randperm(len(rows), generator=generator)]]
    permuted = data.with_label(label)
    classifiers: dict[Condition, LatentClassifier] = {}
    for condition in ("none", "label"):
        name = f"permuted/{POLICIES[settings.label_policy].pretraining}-{condition}"
        classifiers[condition] = train_classifier(
            settings,
            trained.representation,
            condition,
            permuted,
            folder.path / CLASSIFIERS / name,
            (),
        )
    behind = replace(trained, classifiers=classifiers)
    null, oracle = (
        labelled(permuted, with_labels(name, permuted, settings.seed).probabilities(behind))
        for name in ("null", "oracle")
    )
    return {
        "null_ua": scores(null.truth, null.guess, data.emotions)["ua"],
        "oracle_ua": scores(oracle.truth, oracle.guess, data.emotions)["ua"],
        **ua_difference(oracle, null),
    }


def illustrate(
    settings: Settings, result: Result, data: PreparedData, means: Any, folder: RunFolder
) -> None:
    """Write `latents.npz`, `training_latents.npz` and, for a decoder, `illustrations.npz`."""
    for part, path in (("test", folder.latents), ("train", folder.training_latents)):
        utterances = data.utterances(part)
        latents.write(
            path,
            latents.Latents(
                utterance=tuple(u.id for u in utterances),
                speaker=tuple(u.speaker for u in utterances),
                emotion=tuple(u.emotion for u in utterances),
                sex=tuple(u.sex or "" for u in utterances),
                audio=tuple(str(u.path.absolute()) for u in utterances),
                mean=means[data.mask(part).numpy()].astype(np.float32),
                clip=np.array([u.clip or (np.nan, np.nan) for u in utterances])
                if any(u.clip for u in utterances)
                else None,
            ),
        )
    recogniser, test = result.recogniser, data.utterances("test")
    if (illustrator := illustrator_of(recogniser, data)) is not None:
        ids = [utterance.id for utterance in test]
        examples = illustrations_of(illustrator, ids, data.emotions, settings.seed)
        illustrations.write(folder.illustrations, examples)


def illustrator_of(recogniser: Recogniser, data: PreparedData) -> Illustrator | None:
    """Return an illustrator of the test set; None if there is no spectrogram or no decoder."""
    test = data.mask("test")
    return recogniser.illustrator(data.segments_of("test"), data.speakers("test"), data.label[test])


def illustrations_of(
    it: Illustrator, ids: Sequence[str], emotions: tuple[str, ...], seed: int
) -> Illustrations:
    """Draw everything that a run keeps for pictures, of one utterance per emotion."""
    chosen = typical_utterances(it.label, it.segments.count, it.classes)
    conditions = [it.condition(index) for index in chosen]
    return Illustrations(
        emotions=emotions,
        utterance=tuple(ids[index] for index in chosen),
        emotion=tuple(emotions[int(it.label[index])] for index in chosen),
        input=tuple(it.input(index) for index in chosen),
        reconstruction=tuple(
            it.decoded(index, c, c) for index, c in zip(chosen, conditions, strict=True)
        ),
        swapped=tuple(it.swapped(index) for index in chosen) if it.model.conditional else (),
        **it.traversal(),
        prior=it.prior(PRIOR_DRAWS, seed_for(seed, "illustrations", "prior")),
        frame_shift_s=it.extractor.frame_shift_s,
    )


# save


def save(
    settings: Settings,
    corpus: Corpus,
    data: PreparedData,
    left_out: Mapping[str, str],
    result: Result,
    diagnosis: Mapping[str, Any],
    times: Mapping[str, float],
    folder: RunFolder,
    loggers: Sequence[Logger],
) -> None:
    """Write what a run leaves behind; metrics.json last."""
    predicted = result.by_policy[settings.label_policy]
    results = summary(settings, corpus, data, left_out, predicted, diagnosis, folder)
    results["calibration"] = result.calibration
    folder.write_predictions(predicted, result.by_policy if len(result.by_policy) > 1 else {})
    folder.write_audit(results["audit"])
    recogniser = replace(result.recogniser, about=about(results))
    if is_rank_zero():
        recogniser.save(folder.model)
    device = device_of(settings.trainer.accelerator)
    results["software"] = software(device)
    results["times_s"] = dict(times)
    results["parameters"] = count_parameters(result.recogniser)
    log_final(loggers, results, folder)
    folder.write_metrics(results)  # after the loggers: an online one may wait for the network
    if is_rank_zero():
        shutil.rmtree(folder.path / CLASSIFIERS, ignore_errors=True)


def count_parameters(recogniser: Recogniser) -> dict[str, int]:
    """Count the network parameters by the stage that trains them; an estimator has none."""
    heads = [classifier.head for classifier in recogniser.classifiers.values()]
    networks: dict[str, list[Any]] = {"classify": [recogniser.estimator, *heads]}
    if recogniser.representation is not None and recogniser.representation.quantities:
        networks["pretrain"] = [recogniser.representation]
    counts = {
        stage: sum(
            p.numel() for m in each if isinstance(m, torch.nn.Module) for p in m.parameters()
        )
        for stage, each in networks.items()
    }
    return {stage: count for stage, count in counts.items() if count}


def about(results: Mapping[str, Any]) -> dict[str, Any]:
    """Choose what of metrics.json is kept with the model."""
    protocol = results["protocol"]
    keys = ("run", "corpus", "synthetic", "data", "protocol", "fold", "caveats", "counts")
    measured = ("wa", "ua", "macro_f1", "recall", "nll", "ece", "ua_intervals")
    names = [f"{protocol}/test/{name}" for name in measured]
    return {
        **{key: results[key] for key in keys},
        "audit": {key: results["audit"][key] for key in ("verdict", "sentence")},
        "scores": {name: results[name] for name in names if name in results},
        "majority": {
            name: results["majority"][name] for name in names if name in results["majority"]
        },
    }


def summary(
    settings: Settings,
    corpus: Corpus,
    data: PreparedData,
    left_out: Mapping[str, str],
    predicted: Predictions,
    diagnosis: Mapping[str, Any],
    folder: RunFolder,
) -> dict[str, Any]:
    """Collect metrics.json: the scores, and all that one must know to read them."""
    protocol, train, test = settings.choice.split, data.utterances("train"), data.utterances("test")
    pretrained_on: int | None = 0
    if settings.training.pretrained not in ("auto", "none"):
        pretrained_on = pretraining_record(settings, data).count(list(data.rows("test")["digest"]))
    labelled_rows = data.table[data.table["part"] != UNLABELLED]
    budgets = read_budgets(folder.path)
    return {
        "run": folder.name,
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "data": settings.choice.data,
        "model": settings.choice.model,
        "protocol": protocol,
        "fold": settings.fold,
        "folds": data.folds,
        "seed": settings.seed,
        "label_policy": settings.label_policy,
        "leaks": settings.label_policy in LEAKING,
        "material": digest(  # of utterances, labels, sets and audio: equal where runs compare
            [
                (row.utterance.id, row.utterance.speaker, row.label, row.part, row.digest)
                for row in labelled_rows.itertuples()
            ]
        ),
        "caveats": caveats(settings, corpus, diagnosis, left_out, pretrained_on, budgets),
        "emotions": list(data.emotions),
        "audit": audit(
            [*train, *data.utterances("validation")],
            test,
            everything=[*corpus.utterances, *corpus.others],
            contents={row.utterance.id: row.content for row in data.table.itertuples()},
            unlabelled=data.utterances(UNLABELLED),
            pretrained_on=pretrained_on,
        ),
        **scores_and_baseline(predicted, train, protocol),
        **diagnosis,
        "counts": counts(data.utterances(), list(data.table["part"]), data.segments.count),
        "left_out": dict(left_out),
        "budgets": budgets,
    }


def caveats(
    settings: Settings,
    corpus: Corpus,
    diagnosis: Mapping[str, Any],
    left_out: Mapping[str, str],
    pretrained_on: int | None,
    budgets: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """List what limits the reading of a run's scores, a phrase each."""
    health, warnings = diagnosis["health"], corpus_warnings(corpus)
    phrases = {
        SYNTHETIC: corpus.synthetic,
        f"normalise={settings.normalise}: transductive, uses the test speakers' audio": (
            settings.normalise in ("speaker", "corpus")
        ),
        f"ALARM, {health['sentence'].rstrip('.')}" if health else "": (
            health and health["collapsed"]
        ),
        f"warnings about this copy of the corpus (see ser_vae.check): {len(warnings)}": warnings,
        "training.pretrained: it is unknown what these weights were pretrained on": (
            pretrained_on is None
        ),
        "training.encoder_lr: health, probes and pictures show the encoder before fine-tuning": (
            settings.training.encoder_lr is not None
        ),
        f"{len(left_out)} unusable utterances left out": left_out,
        **{describe(stage, values): not values["converged"] for stage, values in budgets.items()},
    }
    return [phrase for phrase, holds in phrases.items() if holds]


def logged_run(settings: Settings, corpus: str, data: PreparedData, folder: RunFolder) -> LoggedRun:
    """Name a run for loggers, so that it is grouped and found there; its kind is its model."""
    training, trainer = settings.training, settings.trainer
    if isinstance(settings.model, UtteranceVAEModel):
        items = {"classify": (settings.model.training, int(data.mask(*LEARNED).sum()))}
    else:
        segments = int(data.segments.count[data.mask(*LEARNED)].sum())
        items = {"pretrain": (training.pretrain, segments)}
        items["classify"] = (training.classify, int(data.mask("train").sum()))
    choice = settings.choice
    fold = () if settings.fold is None else (f"fold{settings.fold}",)
    config = settings.plain()
    return LoggedRun(
        id=folder.path.name.rpartition("-")[2],
        name=folder.name,
        folder=folder.path,
        group=f"{corpus}-{choice.split}",
        kind=choice.model,
        tags=(choice.model, choice.data, corpus, choice.split, *fold, f"seed{settings.seed}"),
        config=flatten({**config, "choice": {**config["choice"], "corpus": corpus}}),
        epochs={name: count_epochs(stage, trainer, n) for name, (stage, n) in items.items()},
    )


@contextmanager
def timed(times: dict[str, float], stage: str) -> Iterator[None]:
    """Record how long a stage took, in s."""
    start = time.perf_counter()
    yield
    times[stage] = time.perf_counter() - start
