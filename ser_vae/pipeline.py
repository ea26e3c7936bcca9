"""The paper's Fig. 1: speech -> segments -> latents -> LSTM -> emotion, from top to bottom.

prepare    speech -> standardised segments, labels and sets
pretrain   segments -> representations, one for each way to pretrain that is needed
classify   latents -> classifiers, and the recogniser that is scored and saved
evaluate   the test set's predictions, under every label policy that is reported
diagnose   scores of the label policies, leaks, health, probes
save       all files of a run
"""

import copy
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae import settings as typed
from ser_vae.baseline.calibrated import fit_temperature, with_temperature
from ser_vae.baseline.estimator import Training, UtteranceEstimator
from ser_vae.classifier.head import Head
from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.corpus.utterance import GROUPS, SYNTHETIC, Corpus, Utterance, corpus_warnings
from ser_vae.data.audit import audit
from ser_vae.data.prepared import NO_LABEL, PreparedData, find_unusable
from ser_vae.data.segment import Segmentation, cut
from ser_vae.data.subset import UNLABELLED, of_training_speakers, select
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.evaluation.compare import ua_difference
from ser_vae.evaluation.metrics import calibration, scores
from ser_vae.evaluation.metrics import evaluate as score
from ser_vae.evaluation.predictions import collect_predictions
from ser_vae.evaluation.probes import probe_label, probes, proportion_with_interval
from ser_vae.evaluation.summary import counts, scores_and_baseline
from ser_vae.features.audio import Samples
from ser_vae.features.extractor import Extractor
from ser_vae.features.functionals import functionals
from ser_vae.features.normalise import Normaliser
from ser_vae.features.store import FeatureStore
from ser_vae.logger import LoggedRun, open_loggers
from ser_vae.model.representation import Fitted, Representation
from ser_vae.model.utterance_vae import UtteranceVAE
from ser_vae.recogniser import COMPONENT_GROUPS, Recogniser, build_model, software
from ser_vae.run_folder import RunFolder, digest
from ser_vae.settings import Settings, UtteranceVAEModel, build, check_devices, flatten
from ser_vae.split import check_fold, random, select_fold
from ser_vae.split.grouped import grouped_folds
from ser_vae.terminal import stderr
from ser_vae.training import weights
from ser_vae.training.classify import Classify
from ser_vae.training.devices import barrier, device_of, is_rank_zero
from ser_vae.training.fit import LAST, count_epochs, fit
from ser_vae.training.health import draw_segments, measure_health
from ser_vae.training.history import describe, log_rows, read_budgets, read_curves
from ser_vae.training.illustrate import has_trained_decoder, typical_utterances
from ser_vae.training.label_policy import (
    LEAKING,
    POLICIES,
    USES_BOUNDS,
    Condition,
    LabelPolicy,
    Pretraining,
    Trained,
    given_label,
    random_labels,
)
from ser_vae.training.predict import (
    LatentClassifier,
    Marginal,
    encode,
    one_hot_condition,
    uniform_condition,
    utterance_data,
)
from ser_vae.training.pretrain import Pretrain, utterance_set
from ser_vae.training.seeding import seed_for
from ser_vae.training.stage import Stage
from ser_vae.training.weights import PretrainingRecord

log = logging.getLogger(__name__)

LEARNED = ("train", UNLABELLED)  # the sets that a representation learns from
HELD_OUT = "held out"  # the set of the training utterances that the temperature is fitted on
HELD_OUT_FOLDS = 5  # one of them is held out
CLASSIFIERS = "classify"  # sub-folder of a run's classifiers, until it is finished
PRIOR_DRAWS = 6  # segments from the prior for each emotion, in illustrations.npz

Representations = Mapping[Pretraining, Representation]
Recognisers = dict[Pretraining, Recogniser]


@dataclass(frozen=True)
class Run:
    """The input of all stages after `prepare`.

    Attributes:
        left_out: id -> reason for each utterance that could not be used.
    """

    settings: Settings
    corpus: Corpus
    data: PreparedData
    left_out: Mapping[str, str]
    folder: RunFolder
    model: Any  # as initialised: a representation or an utterance-level model
    loggers: Sequence[Any] = ()

    @property
    def policy(self) -> LabelPolicy:
        return POLICIES[self.settings.label_policy]

    @property
    def device(self) -> torch.device:
        return device_of(self.settings.trainer.accelerator)

    @cached_property
    def reported_policies(self) -> list[LabelPolicy]:
        """The label policies that it reports; see `label_policies` in conf/config.yaml."""
        settings, model = self.settings, self.model
        if not model.conditional or settings.label_policies == "headline":
            return [self.policy]
        every = settings.label_policies == "all"
        encoders = ("label", "dropout") if every else (self.policy.pretraining,)
        has_bound = {"squared_error", "kl"} <= set(model.quantities)
        pretrains = settings.training.pretrained == "auto"
        return [
            policy
            for policy in POLICIES.values()
            if policy.pretraining in encoders
            and (pretrains or policy.pretraining == "label")
            and (has_bound or policy.name not in USES_BOUNDS)
        ]

    def unlogged(self, data: PreparedData | None = None) -> "Run":
        """Return the same run, perhaps on other data, whose stages log no curves."""
        return replace(self, loggers=(), data=data or self.data)


def execute(
    settings: Settings,
    corpus: Corpus,
    utterances: Sequence[Utterance],
    folder: RunFolder,
    check_unchanged: Callable[[], None],
) -> None:
    """Execute all stages of a run, and write its results to `folder`, metrics.json last.

    `check_unchanged` raises an error if the corpus has changed since its run hash was computed.
    """
    if settings.threads:
        threadpool_limits(settings.threads)  # of NumPy and scikit-learn, too
        torch.set_num_threads(settings.threads)
    times: dict[str, float] = {}
    with timed(times, "features"):
        data, left_out = prepare(settings, corpus, utterances)
        check_unchanged()
    with_label = data.table[data.table["part"] != UNLABELLED]
    folder.write_split(zip(with_label["utterance"], with_label["part"], strict=True))
    run = Run(settings, corpus, data, left_out, folder, fresh_model(settings, data))
    with open_loggers(settings.logger.values(), logged_run(run)) as loggers:
        run = replace(run, loggers=loggers)
        with timed(times, "pretrain"):
            representations = pretrain(run)
        with timed(times, "classify"):
            recogniser, recognisers = classify(run, representations)
            by_policy, networks, calibrated = evaluate(run, recogniser, recognisers)
        status = stderr().status("diagnosis: policies, leaks, health, probes")
        with timed(times, "diagnose"), status:
            diagnosis = diagnose(run, recogniser, by_policy, networks)
        save(run, recogniser, by_policy, {**diagnosis, "calibration": calibrated}, times)


def check(settings: Settings, corpus: Corpus, utterances: Sequence[Utterance]) -> None:
    """Check devices, split and pretrained weights before speech is read, which takes hours.

    Raises:
        SerVaeError: there is no such device, split or fold, or the pretrained weights do not fit.
    """
    check_devices(settings.trainer)
    front_end(settings)  # raises if a segment is under one frame
    if settings.bad_audio == "error":  # otherwise what is left out may change the split
        assign_parts(settings, utterances)
    source = settings.training.pretrained
    if source not in ("auto", "none") and (record := PretrainingRecord.read(Path(source))):
        record.check(source, corpus.emotions, record_settings(settings))


# prepare


def prepare(
    settings: Settings, corpus: Corpus, utterances: Sequence[Utterance]
) -> tuple[PreparedData, dict[str, str]]:
    """Turn speech into standardised segments with labels and sets (IV-A, IV-B).

    Also returns the utterances that had to be left out, with the reason for each.
    """
    extractor, segmentation = front_end(settings)
    store = feature_store(settings, extractor)
    left_out: dict[str, str] = {}

    def usable(wanted: Sequence[Utterance]) -> list[Utterance]:
        reasons = find_unusable(store, wanted, segmentation, settings.bad_audio)
        left_out.update(reasons)
        return sorted((u for u in wanted if u.id not in reasons), key=lambda u: u.id)

    kept = select(replace(corpus, utterances=tuple(usable(utterances))), settings.data.style)
    parts, folds = assign_parts(settings, kept)
    part = [parts[utterance.id] for utterance in kept]
    label = [corpus.emotions.index(utterance.emotion) for utterance in kept]
    if settings.training.unlabelled:
        others = usable(of_training_speakers(corpus.others, kept, part, settings.data.style))
        kept, part = [*kept, *others], [*part, *(UNLABELLED for _ in others)]
        label += [NO_LABEL for _ in others]
    segments = cut(
        map(store.frames, kept),
        segmentation,
        memory_gb=settings.memory_gb,
        folder=Path(settings.cache).expanduser(),
        available=[store.length(utterance) for utterance in kept],
    )
    if segments.prefetch and settings.trainer.strategy == "ddp_spawn":
        raise SerVaeError(
            f"trainer=ddp: the frames need more than memory_gb={settings.memory_gb:g}, and spawned "
            "processes cannot share a file.\nRaise memory_gb, or start the processes with torchrun "
            "and trainer=nodes."
        )
    speakers = [utterance.speaker for utterance in kept]
    frames = segments.frames_by_utterance()
    in_train = [each == "train" for each in part]  # no statistic of the test set reaches training
    normaliser = Normaliser.fit(settings.normalise, frames, speakers, in_train)
    for view, speaker in zip(frames, speakers, strict=True):
        normaliser.apply(view, speaker)
    files = {"digest": [*map(store.digest, kept)], "content": [*map(store.content, kept)]}
    table = pd.DataFrame({"utterance": kept, "label": label, "part": part, **files})
    return PreparedData(table, segments, corpus.emotions, folds, normaliser), left_out


def assign_parts(
    settings: Settings, utterances: Sequence[Utterance]
) -> tuple[Mapping[str, str], int]:
    """Return the set of each utterance in the requested fold, and the number of folds."""
    folds = build(settings.split, utterances, seed=settings.seed)
    fold = select_fold(folds, settings.fold, settings.choice.split)
    check_fold(fold, utterances, settings.choice.split)
    return fold, len(folds)


def front_end(settings: Settings) -> tuple[Extractor, Segmentation]:
    """Build the extractor, and the segmentation of its frames."""
    extractor: Extractor = build(settings.features)
    seconds = settings.data.model_dump(include={"segment_s", "hop_s", "remainder"})
    return extractor, Segmentation.from_seconds(**seconds, frame_shift_s=extractor.frame_shift_s)


def feature_store(settings: Settings, extractor: Extractor) -> FeatureStore:
    """Open the store of an extractor's frames in the run's cache."""
    folder = Path(settings.cache).expanduser() / "features"
    return FeatureStore(folder, extractor, settings.jobs or os.cpu_count() or 1)


# pretrain


def fresh_model(settings: Settings, data: PreparedData) -> Any:
    """Build the configured model as initialised, the same each time."""
    torch.manual_seed(seed_for(settings.seed, "pretrain", "initialisation"))
    return build_model(settings.model, *front_end(settings), data.classes)


def pretrain(run: Run) -> Representations:
    """Train the representations (stage 1), one for each way of pretraining that policies need.

    Writes the weights and curves for the run's label policy to its folder. Returns an empty mapping
    for an utterance-level model.
    """
    if run.model.level == "utterance":
        return {}
    ways = sorted({policy.pretraining for policy in run.reported_policies})
    representations: dict[Pretraining, Representation] = {
        way: copy.deepcopy(run.model) for way in ways
    }
    for way, representation in representations.items():
        logged = way == run.policy.pretraining
        obtain_representation(run if logged else run.unlogged(), representation, way)
    if record := pretraining_record(run):
        record.write(run.folder.pretrained)
    weights.save(representations[run.policy.pretraining], run.folder.pretrained)
    return representations


def obtain_representation(run: Run, model: Representation, way: Pretraining) -> None:
    """Fit, pretrain or load a representation; reuse the weights of a run with equal settings."""
    settings, source = run.settings, run.settings.training.pretrained
    if source == "none":
        return
    if source != "auto":
        weights.load(model, Path(source))
        return
    if not model.quantities:  # nothing to learn by gradient
        if isinstance(model, Fitted):
            model.fit(run.data.segments_of(*LEARNED))
        return
    label_dropout = settings.training.label_dropout if way == "dropout" else 0.0
    train, validation = run.data.segment_set(*LEARNED), run.data.segment_set("validation")
    seed = seed_for(settings.seed, "pretrain")
    monitored = draw_segments(train, seed)
    stage = Pretrain(model, seed, label_dropout=label_dropout, monitored=monitored)
    name = pretrained_name(run, label_dropout)
    shared = RunFolder(Path(settings.runs) / "pretrained" / name, is_rank_zero())
    with shared.lock():
        barrier()
        if settings.force:
            shared.clear()
        if record := pretraining_record(run):
            record.write(shared.pretrained)
        train_once(run, stage, model, shared.pretrained, train, validation)
        if way == run.policy.pretraining:  # under the lock: a run with force=true could clear it
            shared.copy("pretrain.csv", run.folder.path / "pretrain.csv")


def train_once(
    run: Run, stage: Stage, network: torch.nn.Module, finished: Path, train: Any, validation: Any
) -> None:
    """Train a stage and keep the weights of its network, or load those of an earlier attempt.

    Args:
        run: its loggers get the curves, in both cases.
        stage: trains `network`.
        network: its weights are saved or loaded.
        finished: the file of the weights, beside the curves.
        train: the training set.
        validation: the validation set, perhaps empty.
    """
    if finished.exists():
        weights.load(network, finished)
        log_rows(read_curves(finished.parent / f"{stage.stage}.csv"), run.loggers)
        return
    settings, model = run.settings, run.settings.model
    of_stage: typed.Stage = getattr(settings.training, stage.stage)
    if isinstance(model, UtteranceVAEModel):
        of_stage = model.training
    fit(
        stage,
        train,
        validation,
        folder=finished.parent,
        settings=of_stage,
        trainer=settings.trainer,
        compiled=settings.compile and not isinstance(stage, Classify),  # batches differ in length
        loggers=run.loggers,
        progress=settings.progress and sys.stderr.isatty(),
    )
    weights.save(network, finished)
    barrier()
    (finished.parent / LAST).unlink(missing_ok=True)


def pretrained_name(run: Run, label_dropout: float) -> str:
    """Name the shared folder by a hash of all that pretraining depends on, including the fold."""
    settings, config = run.settings, run.settings.plain()
    parts = [list(run.data.emotions), label_dropout, settings.code_digest("features", "model")]
    parts += [config[key] for key in ("features", "data", "normalise", "model", "seed")]
    training = [config["training"]["pretrain"], config["trainer"]]
    rows = [
        (row.utterance.id, row.utterance.speaker, row.label, row.digest, row.part)
        for row in run.data.table.itertuples()
    ]
    return f"{settings.choice.model}-{digest([parts, training, rows])}"


def pretraining_record(run: Run) -> PretrainingRecord | None:
    """State what the representation was pretrained on, by this run or before it, if known."""
    source = run.settings.training.pretrained
    if source not in ("auto", "none"):
        return PretrainingRecord.read(Path(source))
    digests = [] if source == "none" else run.data.rows(*LEARNED)["digest"]
    short = sorted({digest[: weights.DIGEST_LENGTH] for digest in digests})
    return PretrainingRecord(short, list(run.data.emotions), record_settings(run.settings))


def record_settings(settings: Settings) -> dict[str, Any]:
    config = settings.plain()
    return {key: config[key] for key in ("features", "data", "normalise")}


# classify


def classify(run: Run, representations: Representations) -> tuple[Recogniser, Recognisers]:
    """Fit the classifiers on training-set latents, or an utterance-level model (stage 2).

    Returns the recogniser of the run's label policy and, by their encoder, recognisers with all
    classifiers that the reported policies need; none for an utterance-level model.
    """
    policy, settings, data = run.policy, run.settings, run.data
    extractor, segmentation = front_end(settings)
    recogniser = Recogniser(
        extractor=extractor,
        segmentation=segmentation,
        normaliser=data.normaliser,
        emotions=data.emotions,
        seed=settings.seed,
        policy=with_labels(settings.label_policy, data, settings.seed),
        classifiers={},
        components={name: getattr(settings, name) for name in COMPONENT_GROUPS},
        device=run.device,
    )
    if not representations:
        fit_utterance_level(run)
        return replace(recogniser, estimator=run.model), {}
    reported = run.reported_policies
    needed = {(other.pretraining, each) for other in reported for each in other.classifiers}
    if len(reported) > 1:  # for the leak panel
        needed |= {(policy.pretraining, each) for each in ("none", "label")}
    classifiers: dict[Pretraining, dict[Condition, LatentClassifier]] = {
        way: {} for way in representations
    }
    for way, condition in sorted(needed):
        logged = (way, condition) == (policy.pretraining, policy.condition)
        name = f"{way}-{condition}"
        classifiers[way][condition] = train_classifier(
            run if logged else run.unlogged(), representations[way], condition, name
        )
        if logged:
            for file in ("classifier.ckpt", "classify.csv"):
                run.folder.copy(f"{CLASSIFIERS}/{name}/{file}", run.folder.path / file)
    recognisers = {
        way: replace(recogniser, representation=representation, classifiers=classifiers[way])
        for way, representation in representations.items()
    }
    of_policy = {each: classifiers[policy.pretraining][each] for each in policy.classifiers}
    recogniser = replace(recognisers[policy.pretraining], classifiers=of_policy)
    return replace(recogniser, temperature=calibrate(run, recogniser)), recognisers


def train_classifier(
    run: Run, representation: Representation, condition: Condition, name: str
) -> LatentClassifier:
    """Train the configured classifier behind an encoder, or load what an interrupted run left.

    Args:
        run: has the data; the classifier learns the labels of the training set.
        representation: segments -> latents; it is copied if it is to be fine-tuned.
        condition: the encoder's condition while the classifier learns.
        name: of the classifier's folder in CLASSIFIERS.
    """
    settings, data, seed = run.settings, run.data, seed_for(run.settings.seed, "classify")
    encoder = representation
    if condition == "every":
        encoder = Marginal(representation, data.classes)
    torch.manual_seed(seed_for(settings.seed, "classify", "initialisation"))
    head: Head | UtteranceEstimator = build(
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
        device=run.device,
    )
    conditions = training_condition(condition, data)
    if not isinstance(head, torch.nn.Module):
        rows = latents_of(classifier, data, conditions, "all")
        of_utterances = utterance_data(data.segments.split(rows), data.speakers())
        head.fit(of_utterances, training_of(settings, data, seed))
        return classifier
    stage = Classify(classifier, seed, settings.training.encoder_lr)
    if isinstance(head, LSTMClassifier) and head.standardise:
        head.fit_scale(latents_of(classifier, data, conditions, "train"))
    sets = []
    for part in ("train", "validation"):
        source: Any = data.segments_of(part)
        if not fine_tuned:
            source = latents_of(classifier, data, conditions, part)
        sets.append(data.sequence_set(part, source, conditions, classifier.max_padded))
    if fine_tuned:
        classifier.encoder.train()  # encoding sets it to evaluation mode
    finished = run.folder.path / CLASSIFIERS / name / "classifier.ckpt"
    train_once(run, stage, stage, finished, *sets)
    return classifier


def calibrate(run: Run, recogniser: Recogniser) -> float:
    """Fit the temperature of the recogniser's probabilities; 1 if it is not to be calibrated.

    The classifiers are trained a second time on most of the training set, and the temperature is
    fitted on the rest. The recogniser keeps its classifiers, which have learned the whole set.
    """
    classifiers, model = recogniser.classifiers, recogniser.representation
    networks = [each for each in classifiers.values() if isinstance(each.head, torch.nn.Module)]
    if not run.settings.calibrate or model is None or not networks:  # an estimator has its own
        return 1.0
    try:
        divided = hold_out(run.settings, run.data)
    except SerVaeError as error:
        log.warning("calibrate=true: probabilities are not calibrated: %s", error)
        return 1.0
    refitted: dict[Condition, LatentClassifier] = {
        each: train_classifier(run.unlogged(divided), model, each, f"calibration-{each}")
        for each in classifiers
    }
    trained = recogniser.trained(divided.segments_of(HELD_OUT), divided.speakers(HELD_OUT))
    probability = run.policy.probabilities(replace(trained, classifiers=refitted))
    log_probability = np.log(np.maximum(probability, np.finfo(np.float64).tiny))
    return fit_temperature(log_probability, divided.label[divided.mask(HELD_OUT)].numpy())


def hold_out(settings: Settings, data: PreparedData) -> PreparedData:
    """Move a fifth of the training set to the set HELD_OUT, as the protocol draws a test set.

    These are whole groups of the protocol, or whole speakers, if the test set shares none with the
    training set and the rest still has all emotions; otherwise random utterances.

    Raises:
        SerVaeError: the training set is too small.
    """
    train, seed = data.utterances("train"), seed_for(settings.seed, "calibration") % 2**32
    group = settings.choice.split if settings.choice.split in GROUPS else "speaker"
    groups, of_test = ({GROUPS[group](u) for u in data.utterances(p)} for p in ("train", "test"))
    learned: set[str] = set()
    if not (groups & of_test or None in groups or len(groups) < 2):
        options = {"leave_one_out_up_to": 0, "folds": HELD_OUT_FOLDS, "validation": 0}
        with suppress(SerVaeError):  # the groups cannot be divided
            folds = grouped_folds(train, group, seed=seed, **options)
            learned = {u.emotion for u in train if folds[0][u.id] == "train"}
    if learned != {u.emotion for u in train}:
        folds = random.folds(train, seed=seed, test=1 / HELD_OUT_FOLDS, validation=0)
    moved = {name for name, part in folds[0].items() if part == "test"}
    part = [HELD_OUT if row.utterance.id in moved else row.part for row in data.table.itertuples()]
    return replace(data, table=data.table.assign(part=part))


def training_condition(condition: Condition, data: PreparedData) -> Tensor:
    """Return the encoder's conditions (U, K), with labels for the training set only."""
    conditions = uniform_condition(len(data.table), data.classes)
    if condition == "label":
        train = data.mask("train")
        conditions[train] = one_hot_condition(data.label[train], data.classes)
    return conditions


def training_of(settings: Settings, data: PreparedData, seed: int) -> Training:
    """Collect what an estimator learns from; only the training set keeps its labels."""
    label = data.label.where(data.mask("train"), torch.tensor(NO_LABEL)).numpy()
    return Training(label, list(data.table["part"]), data.emotions, settings.normalise, seed)


def latents_of(
    classifier: LatentClassifier, data: PreparedData, conditions: Tensor, part: str
) -> Tensor:
    """Encode a set, or `all`: (N, Z)."""
    if part == "all":
        return classifier.encode(data.segments, conditions, part)
    return classifier.encode(data.segments_of(part), conditions[data.mask(part)], part)


def whole_utterances(run: Run) -> Samples | None:
    """Run the extractor of an utterance-level model on each utterance: (U, E); None without one.

    Raises:
        SerVaeError: the extractor cannot use an utterance.
    """
    extractor: Extractor | None = getattr(run.model, "extractor", None)
    if extractor is None:
        return None
    store, utterances = feature_store(run.settings, extractor), run.data.utterances()
    if reasons := store.compute(utterances):
        name, reason = min(reasons.items())
        raise SerVaeError(
            f"{len(reasons)} of {len(utterances)} utterances cannot be used, such as {name}: "
            f"{reason}.\nLeave them out of the corpus, or repair the files."
        )
    return np.concatenate([store.frames(utterance) for utterance in utterances])


def fit_utterance_level(run: Run) -> None:
    """Fit a model of whole utterances in place; a network leaves its curves in the run's folder."""
    settings, data, model = run.settings, run.data, run.model
    frames = data.segments.frames_by_utterance()
    everything = utterance_data(frames, data.speakers(), whole_utterances(run))
    training = training_of(settings, data, seed_for(settings.seed, "statistics"))
    if not isinstance(model, UtteranceVAE):
        model.fit(everything, training)
        return
    vectors = model.fit_vectors(everything, training.part, training.normalise)
    stage = Pretrain(model, seed_for(settings.seed, "classify"), name="classify")
    train, validation = (
        utterance_set(vectors[mask.numpy()], data.label[mask], data.classes)
        for mask in (data.mask(*LEARNED), data.mask("validation"))
    )
    train_once(run, stage, stage, run.folder.path / "classifier.ckpt", train, validation)


# evaluate


def evaluate(
    run: Run, recogniser: Recogniser, recognisers: Recognisers
) -> tuple[dict[str, pd.DataFrame], Trained | None, dict[str, Any] | None]:
    """Predict the test set: by the recogniser, and under the other policies that are reported.

    Returns:
        The predictions under each policy, the run's one among them.
        The networks of the run's label policy; None for an utterance-level model.
        The temperature, and nll and ece of the test set before and after it; None without
            calibration.
    """
    settings, data, temperature = run.settings, run.data, recogniser.temperature
    test, speakers = data.segments_of("test"), data.speakers("test")
    whole = None if recognisers else whole_utterances(run)
    of_test = None if whole is None else whole[data.mask("test").numpy()]
    uncalibrated = replace(recogniser, temperature=1.0).classify(test, speakers, of_test)
    after = labelled(data, with_temperature(uncalibrated, temperature))
    calibrated: dict[str, Any] | None = None
    if temperature != 1:
        errors = {"before": calibration(labelled(data, uncalibrated)), "after": calibration(after)}
        calibrated = {"temperature": temperature, **errors}
    by_policy: dict[str, pd.DataFrame] = {settings.label_policy: after}
    if not recognisers:
        return by_policy, None, None
    trained = {way: each.trained(test, speakers) for way, each in recognisers.items()}
    for policy in run.reported_policies:
        if policy.name not in by_policy:
            by_policy[policy.name] = predict_under(run, policy.name, trained[policy.pretraining])
    ordered = {name: by_policy[name] for name in POLICIES if name in by_policy}
    return ordered, trained[run.policy.pretraining], calibrated


def with_labels(name: str, data: PreparedData, seed: int) -> LabelPolicy:
    """Return a policy; `oracle` and `random` come with labels for the test set."""
    # the one place where test labels are read before scoring
    given = {"oracle": data.label, "random": random_labels(len(data.table), data.classes, seed)}
    if name not in given:
        return POLICIES[name]
    of_test = partial(given_label, labels=given[name][data.mask("test")])
    return replace(POLICIES[name], probabilities=of_test)


def predict_under(run: Run, name: str, trained: Trained) -> pd.DataFrame:
    """Predict the test set under a label policy."""
    policy = with_labels(name, run.data, run.settings.seed)
    return labelled(run.data, policy.probabilities(trained))


def labelled(data: PreparedData, probability: Any) -> pd.DataFrame:
    """Join probabilities (U_test, K) with the test set's labels."""
    rows = data.rows("test")
    return collect_predictions(
        list(rows["utterance"]), rows["label"].to_numpy(), data.emotions, probability
    )


# diagnose


def diagnose(
    run: Run, recogniser: Recogniser, by_policy: Mapping[str, pd.DataFrame], trained: Trained | None
) -> dict[str, Any]:
    """Compute the parts of metrics.json that only a representation of segments has."""
    settings, data = run.settings, run.data
    diagnosis: dict[str, Any] = {"policies": {}, "leak_panel": None, "health": None, "probes": None}
    if trained is None:
        return diagnosis
    means = utterance_means(trained, data, uniform_condition(len(data.table), data.classes))
    if is_rank_zero():
        illustrate(run, recogniser, means)
    if len(by_policy) > 1:
        diagnosis["policies"] = {
            name: {**score(predicted, settings.choice.split), "leaks": name in LEAKING}
            for name, predicted in by_policy.items()
        }
        diagnosis["leak_panel"] = leak_panel(run, trained)
    if has_trained_decoder(trained.representation):
        # each segment with its label, as in pretraining; no prediction uses it
        diagnosis["health"] = measure_health(
            trained.representation,
            data.segment_set("test"),
            seed=seed_for(settings.seed, "health"),
            device=trained.device,
        )
    frames = [frames.numpy() for frames in data.segments.frames_by_utterance()]
    logmel = np.stack([functionals("mean_and_deviation", each) for each in frames])
    train, test = (data.mask(part).numpy() for part in ("train", "test"))
    # of each utterance's mean latent, and of mean and standard deviation of its frames
    diagnosis["probes"] = probes(means, logmel, data.utterances(), train, test)
    return diagnosis


def utterance_means(trained: Trained, data: PreparedData, conditions: Tensor) -> Any:
    """Average mu over each utterance's segments: conditions (U, K) -> (U, Z)."""
    z = encode(trained.representation, data.segments, conditions, trained.device)
    return data.segments.mean_by_utterance(z).double().numpy()


def leak_panel(run: Run, trained: Trained) -> dict[str, Any]:
    """Measure how much of the label that the encoder is given reaches the classifier.

    All four measures use the encoder of the run's label policy.

    Returns:
        `follows_random_label`: how often the prediction is the random label given to the encoder.
        `random_label_in_z`: how often a linear probe predicts it from an utterance's mean z.
        `permuted_labels`: UA of classifiers trained on labels permuted among the utterances. Only
            the label given to the encoder can raise the oracle above chance there. None unless
            label_policies=all, as it needs two more classifiers.
        `oracle_minus_null`: difference in UA; alone it does not measure a leak, as a classifier
            need not use a label that is in z.
    """
    data, seed, chance = run.data, run.settings.seed, {"chance": 1 / run.data.classes}
    names = ("null", "random", "oracle")
    null, random, oracle = (predict_under(run, name, trained) for name in names)
    label = random_labels(len(data.table), data.classes, seed)
    train, test = data.mask("train").numpy(), data.mask("test").numpy()
    follows = int((random["guess"] == np.array(data.emotions)[label[test]]).sum())
    z = utterance_means(trained, data, one_hot_condition(label, data.classes))
    permuted = run.settings.label_policies == "all"
    return {
        "follows_random_label": {**proportion_with_interval(follows, int(test.sum())), **chance},
        "random_label_in_z": probe_label(z, label.numpy(), train, test),
        "permuted_labels": {**permuted_scores(run, trained), **chance} if permuted else None,
        "oracle_minus_null": ua_difference(oracle, null),
    }


def permuted_scores(run: Run, trained: Trained) -> dict[str, float]:
    """Compute UA of null and oracle on labels permuted within each set, unrelated to the speech.

    Also returns oracle minus null, `difference`, with its 95 % interval, `low` to `high`.
    """
    label, seed = run.data.label, run.settings.seed
    generator = torch.Generator().manual_seed(seed_for(seed, "permuted"))
    for part in ("train", "test"):
        rows = run.data.mask(part).nonzero()[:, 0]
        label[rows] = label[rows[torch.randperm(len(rows), generator=generator)]]
    permuted = run.unlogged(run.data.with_label(label))
    model, way = trained.representation, run.policy.pretraining
    conditions: tuple[Condition, ...] = ("none", "label")
    classifiers = {
        each: train_classifier(permuted, model, each, f"permuted/{way}-{each}")
        for each in conditions
    }
    networks = replace(trained, classifiers=classifiers)
    null, oracle = (predict_under(permuted, name, networks) for name in ("null", "oracle"))
    return {
        "null_ua": scores(null)["ua"],
        "oracle_ua": scores(oracle)["ua"],
        **ua_difference(oracle, null),
    }


def illustrate(run: Run, recogniser: Recogniser, means: Any) -> None:
    """Write `latents.npz`, `training_latents.npz` and, for a decoder, `illustrations.npz`."""
    data, folder = run.data, run.folder
    for part, path in (("test", folder.latents), ("train", folder.training_latents)):
        utterances = data.utterances(part)
        clips = np.array([u.clip or (np.nan, np.nan) for u in utterances])
        Latents(
            utterance=tuple(u.id for u in utterances),
            speaker=tuple(u.speaker for u in utterances),
            emotion=tuple(u.emotion for u in utterances),
            sex=tuple(u.sex or "" for u in utterances),
            audio=tuple(str(u.path.absolute()) for u in utterances),
            mean=means[data.mask(part).numpy()].astype(np.float32),
            clip=clips if any(u.clip for u in utterances) else None,
        ).write(path)
    label = data.label[data.mask("test")]
    source = recogniser.illustrator(data.segments_of("test"), data.speakers("test"), label)
    if source is None:
        return
    chosen = typical_utterances(label, source.segments.count)
    shown = [data.utterances("test")[index] for index in chosen]
    Illustrations(
        emotions=data.emotions,
        utterance=tuple(utterance.id for utterance in shown),
        emotion=tuple(data.emotions[int(label[index])] for index in chosen),
        input=tuple(map(source.input, chosen)),
        reconstruction=tuple(map(source.reconstruction, chosen)),
        swapped=tuple(map(source.swapped, chosen)) if source.model.conditional else (),
        **source.traversal(),
        prior=source.prior(PRIOR_DRAWS, seed_for(run.settings.seed, "illustrations", "prior")),
        frame_shift_s=source.extractor.frame_shift_s,
    ).write(folder.illustrations)


# save


def save(
    run: Run,
    recogniser: Recogniser,
    by_policy: Mapping[str, pd.DataFrame],
    diagnosis: Mapping[str, Any],
    times: Mapping[str, float],
) -> None:
    """Write the files of a run; metrics.json last."""
    folder, predicted = run.folder, by_policy[run.settings.label_policy]
    results = summary(run, predicted, diagnosis)
    results["caveats"] = caveats(run, results)
    folder.write_table(folder.predictions, predicted)
    for name, under_policy in by_policy.items() if len(by_policy) > 1 else ():
        folder.write_table(folder.policy(name), under_policy)
    folder.write_json(folder.audit, results["audit"])
    recogniser = replace(recogniser, about=about(results))
    if is_rank_zero():
        recogniser.save(folder.model)
    results["software"] = software(run.device)
    results["times_s"] = times
    results["parameters"] = count_parameters(recogniser)
    for logger in run.loggers:
        logger.log_final(results)
    # after the loggers: an online one may wait for the network
    folder.write_json(folder.metrics, results)
    if is_rank_zero():
        shutil.rmtree(folder.path / CLASSIFIERS, ignore_errors=True)


def count_parameters(recogniser: Recogniser) -> dict[str, int]:
    """Count the network parameters by the stage that trains them; an estimator has none."""
    heads = [recogniser.estimator, *(each.head for each in recogniser.classifiers.values())]
    networks = torch.nn.ModuleList(head for head in heads if isinstance(head, torch.nn.Module))
    trained: dict[str, torch.nn.Module] = {"classify": networks}
    if recogniser.representation is not None and recogniser.representation.quantities:
        trained["pretrain"] = recogniser.representation
    counts = {stage: sum(map(torch.numel, part.parameters())) for stage, part in trained.items()}
    return {stage: count for stage, count in counts.items() if count}


def about(results: Mapping[str, Any]) -> dict[str, Any]:
    """Select the entries of metrics.json that are kept with the model."""
    protocol, majority = results["protocol"], results["majority"]
    keys = ("run", "corpus", "synthetic", "data", "protocol", "fold", "caveats", "counts")
    measured = ("wa", "ua", "macro_f1", "recall", "nll", "ece", "ua_intervals")
    names = [f"{protocol}/test/{name}" for name in measured]
    return {
        **{key: results[key] for key in keys},
        "audit": {key: results["audit"][key] for key in ("verdict", "sentence")},
        "scores": {name: results[name] for name in names if name in results},
        "majority": {name: majority[name] for name in names if name in majority},
    }


def summary(run: Run, predicted: pd.DataFrame, diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    """Collect metrics.json: the scores, and what is needed to interpret them."""
    settings, corpus, data, choice = run.settings, run.corpus, run.data, run.settings.choice
    train, test = data.utterances("train"), data.utterances("test")
    pretrained_on: int | None = 0
    of_segments = diagnosis["probes"] is not None
    if of_segments and settings.training.pretrained not in ("auto", "none"):
        record = pretraining_record(run)
        pretrained_on = record.count(list(data.rows("test")["digest"])) if record else None
    dataset = [
        (row.utterance.id, row.utterance.speaker, row.label, row.content)
        for row in data.table[data.table["part"] != UNLABELLED].itertuples()
    ]
    return {
        "run": run.folder.name,
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "data": choice.data,
        "model": choice.model,
        "protocol": choice.split,
        "fold": settings.fold,
        "folds": data.folds,
        "seed": settings.seed,
        "label_policy": settings.label_policy,
        "leaks": settings.label_policy in LEAKING,
        "corpus_digest": digest(dataset),
        "emotions": list(data.emotions),
        "audit": audit(
            [*train, *data.utterances("validation")],
            test,
            everything=[*corpus.utterances, *corpus.others],
            contents={row.utterance.id: row.content for row in data.table.itertuples()},
            unlabelled=data.utterances(UNLABELLED),
            pretrained_on=pretrained_on,
        ),
        **scores_and_baseline(predicted, train, choice.split),
        **diagnosis,
        "counts": counts(data.utterances(), list(data.table["part"]), data.segments.count),
        "left_out": dict(run.left_out),
        "budgets": read_budgets(run.folder.path),
    }


def caveats(run: Run, results: Mapping[str, Any]) -> list[str]:
    """List the caveats of a run's scores, given its metrics.json; one phrase each."""
    settings, warnings = run.settings, corpus_warnings(run.corpus)
    health = results["health"] or {"collapsed": False, "sentence": ""}
    tuned = settings.training.encoder_lr is not None and results["probes"] is not None
    phrases = {
        SYNTHETIC: run.corpus.synthetic,
        f"normalise={settings.normalise}: transductive, uses the test speakers' audio": (
            settings.normalise in ("speaker", "corpus")
        ),
        f"ALARM, {health['sentence'].rstrip('.')}": health["collapsed"],
        f"warnings about this copy of the corpus (see ser_vae.check): {len(warnings)}": warnings,
        "training.pretrained: it is unknown what these weights were pretrained on": (
            results["audit"]["pretrained_on"] is None
        ),
        "training.encoder_lr: health, probes and pictures show the encoder before fine-tuning": (
            tuned
        ),
        f"{len(run.left_out)} unusable utterances left out": run.left_out,
        **{describe(stage, v): not v["converged"] for stage, v in results["budgets"].items()},
    }
    return [phrase for phrase, applies in phrases.items() if applies]


def logged_run(run: Run) -> LoggedRun:
    """Describe a run to loggers."""
    settings, data = run.settings, run.data
    training, trainer = settings.training, settings.trainer
    if isinstance(settings.model, UtteranceVAEModel):
        items = {"classify": (settings.model.training, int(data.mask(*LEARNED).sum()))}
    else:
        segments = int(data.segments.count[data.mask(*LEARNED)].sum())
        items = {"pretrain": (training.pretrain, segments)}
        items["classify"] = (training.classify, int(data.mask("train").sum()))
    config = settings.plain()
    return LoggedRun(
        run.folder,
        config=flatten({**config, "choice": {**config["choice"], "corpus": run.corpus.name}}, "/"),
        epochs={name: count_epochs(stage, trainer, n) for name, (stage, n) in items.items()},
    )


@contextmanager
def timed(times: dict[str, float], stage: str) -> Iterator[None]:
    """Record how long a stage took, in s."""
    start = time.perf_counter()
    yield
    times[stage] = time.perf_counter() - start
