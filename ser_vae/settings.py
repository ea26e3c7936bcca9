"""The settings of a run: their types, ranges, choices and cross-field rules, validated once.

Hydra composes conf/ into a mapping, and `validate` turns it into a `Settings` before the corpus is
read. Each class here mirrors one group or one option of conf/, which states the unit and source of
every value. Nothing here builds a network, and torch is only imported where a setting depends on
the class of the model, so that a finished run is loaded fast.

A group that names a class or function in `_target_` is a `Component`. If it is in this package,
`COMPONENTS` has the pydantic model that validates its settings. Otherwise its settings must be
parameters in its signature, and their values are not checked here.
"""

import difflib
import hashlib
import inspect
import json
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from ser_vae import SerVaeError

PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]
Index = NonNegativeInt
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Proportion = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Seconds = Annotated[float, Field(ge=0.001)]  # of a frame; a millisecond is several samples

Folds = Annotated[int, Field(ge=2)]
LayerSizes = Annotated[list[PositiveInt], Field(min_length=1)]
Activation = Literal["relu", "tanh", "elu", "gelu"]
FunctionalSet = Literal["mean_and_deviation", "thirds"]
Codes = Annotated[list[str], Field(min_length=1)]
Emotions = Annotated[dict[str, Codes], Field(min_length=2)]
ClassNames = Annotated[list[str], Field(min_length=2)]


def expect(expected: str) -> WrapValidator:
    """Replace pydantic's errors, one for each alternative of a type, by one phrase."""

    def parse(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError("described", expected) from None

    return WrapValidator(parse)


LABELS = "two or more labels, or two or more classes of labels"
Labels = ClassNames | Emotions
Classes = Annotated[Literal["four", "all"] | Labels, expect(f"four, all, {LABELS}")]
SharedClasses = Annotated[Literal["shared", "all"] | Labels, expect(f"shared, all, {LABELS}")]
Layer = Annotated[Index | Literal["last", "mean"], expect("a whole number from 0, last or mean")]
Fold = Annotated[Index | Literal["all"] | None, expect("a whole number from 0, all or null")]
Word = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$"),
    expect("a word of letters, digits and _ that begins with a letter"),
]

LabelPolicy = Literal["null", "dropout", "marginal", "elbo", "elbo+lstm", "predicted", "random"]
POLICIES_BY_BOUND = ("elbo", "elbo+lstm")  # a label is chosen by its lower bound of log P(X|c)

COMPONENTS: dict[Any, type["Component"]] = {}  # dotted name -> the model of its settings

# What a component of a group is called with at run time: positional arguments, keyword arguments.
RUNTIME_ARGUMENTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "split": (1, ("seed",)),  # utterances
    "model": (0, ("input_size", "num_classes")),
    "classifier": (0, ("input_size", "num_classes")),
    "logger": (1, ()),  # the run
}


def conf_dir() -> Path:
    """Return the absolute path of conf/: inside the installed package, beside it in a checkout.

    Absolute, because Hydra interprets a relative path by how its caller was started.
    """
    package = Path(__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"


def invalid(key: str, value: Any, expected: str, remedy: str, got: str = "") -> SerVaeError:
    """Return the error of a setting that is not as expected; `got` defaults to the value."""
    text = format_value(value)
    return SerVaeError(f"{key}={text}: expected {expected}, got {got or text}.\n{remedy}")


def format_value(value: Any) -> str:
    """Write a value as on the command line, shortened to one line."""
    text = json.dumps(value, ensure_ascii=False, default=str).replace('"', "")
    return text if len(text) <= 80 else f"{text[:79]}…"


class Section(BaseModel):
    """Settings that belong together. An unknown key is an error, and `true` is not a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Component(Section):
    """A class or function and the settings that it is called with.

    Attributes:
        target: its dotted name, `_target_` in conf/.
        extra: the extra of this package that it needs.
        package: what that extra installs; None if it has the same name.
    """

    target: str = Field(alias="_target_")
    extra: ClassVar[str | None] = None
    package: ClassVar[str | None] = None

    def __init_subclass__(cls, of: Sequence[str] = (), **_: Any) -> None:
        """Register this class as the model that validates the components named in `of`."""
        COMPONENTS.update({f"ser_vae.{name}": cls for name in of})

    @model_validator(mode="after")
    def check_package(self) -> Self:
        """Raise unless the package that the component needs is installed."""
        package = self.package or self.extra
        if package and find_spec(package) is None:
            remedy = f"pip install 'ser_vae[{self.extra}]'"
            raise invalid("_target_", self.target, package, remedy, "no such package")
        return self


class OutsideComponent(Component):
    """A class or function outside this package, with whatever settings its signature admits."""

    model_config = ConfigDict(extra="allow")


def component(group: str) -> BeforeValidator:
    """Validate a component of `group` by the model that its target is registered with."""

    def parse(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        parsed = parse_component(value)
        if isinstance(parsed, OutsideComponent):
            check_signature(group, parsed)
        return parsed

    return BeforeValidator(parse)


AnyCorpus = Annotated[SerializeAsAny[Component], component("corpus")]
Features = Annotated[SerializeAsAny[Component], component("features")]


WITHOUT_SETTINGS = (
    *("split.given.folds", "model.logmel_lstm.Identity", "logger.csv.open_run"),
    *("baseline.majority.Majority", "baseline.speaker_lookup.SpeakerLookup"),
)


class NoSettings(Component, of=WITHOUT_SETTINGS):
    """A component without settings."""


# corpus


class DemoCorpus(Component, of=["corpus.demo.read"]):
    cache: str
    emotions: Emotions


class IemocapCorpus(Component, of=["corpus.iemocap.read"]):
    """A corpus with label codes, which `emotions` maps to classes."""

    root: str | None
    emotions: Emotions


class LabelFiles(Section):
    files: dict[str, str]
    row: str
    path: str


class CompleteCopy(Section):
    counts: dict[str, PositiveInt]
    speakers: PositiveInt | None
    hours: Positive | None
    sample_rate_hz: PositiveInt | None
    channels: PositiveInt | None


class FileNamesCorpus(Component, of=["corpus.filenames.read"]):
    """A corpus whose labels are in its file names."""

    name: Word
    root: str | None
    example: str
    pattern: str
    emotions: Emotions
    classes: Classes
    tables: dict[str, dict[str, str]]
    values: dict[str, str]
    labels: LabelFiles
    complete: CompleteCopy

    @model_validator(mode="after")
    def check_counts(self) -> Self:
        """Raise if a label of `complete.counts` is not in `emotions`."""
        if unknown := sorted(self.complete.counts.keys() - self.emotions.keys()):
            expected = f"counts of the labels in corpus.emotions, {', '.join(self.emotions)}"
            remedy = "Correct the label, or add it to corpus.emotions."
            raise invalid(
                "corpus.complete.counts", self.complete.counts, expected, remedy, unknown[0]
            )
        return self

    @model_validator(mode="after")
    def check_pattern(self) -> Self:
        """Raise unless the pattern is a regular expression that fits the example."""
        remedy = "See corpus.example, and the module re in Python's documentation."
        path = re.sub(r"\.\w+$", "", self.example)
        for name, codes in self.tables.items():
            for code in codes.values():
                check_expression(f"corpus.tables.{name}", code, remedy)
        check_expression("corpus.pattern", self.pattern, remedy)
        match = re.search(f"(?:^|/)(?:{self.pattern})$", path)
        if match is None or "emotion" not in {**match.groupdict(), **self.values}:
            expected = f"an expression with a group (?P<emotion>…) that matches {self.example}"
            raise invalid("corpus.pattern", self.pattern, expected, remedy)
        if unknown := {*re.findall(r"{(\w+)}", self.labels.path)} - {"id", *match.groupdict()}:
            expected = "groups of corpus.pattern in braces"
            raise invalid("corpus.labels.path", self.labels.path, expected, remedy, min(unknown))
        return self


class JoinedCorpus(Component, of=["corpus.joined.read"]):
    members: Annotated[dict[str, AnyCorpus], Field(min_length=2)]
    classes: SharedClasses


class FolderCorpus(Component, of=["corpus.folder.read"]):
    root: str | None
    csv: str | None
    folders: str | None
    classes: Classes
    name: Word

    @field_validator("name")
    @classmethod
    def check_name(cls, name: str) -> str:
        """Raise if it is the name of another corpus: their scores would be in one table."""
        taken = {path.stem for path in conf_dir().glob("corpus/*")} - {"folder"}
        if name.rstrip("0123456789") in taken:
            expected = "a word that is not the name of another corpus"
            raise invalid("corpus.name", name, expected, "Use another, such as corpus.name=mine.")
        return name


# features


class Frames(Component):
    sample_rate: PositiveInt
    window: Seconds
    frame_shift: Seconds
    trim_db: NonNegative | None


class LogMelFeatures(Frames, of=["features.logmel.LogMel"]):
    fft_size: PositiveInt
    mel_bands: PositiveInt
    mel_scale: Literal["htk", "slaney"]
    f_min: NonNegative
    f_max: Positive
    floor: Positive

    @model_validator(mode="after")
    def check_spectrum(self) -> Self:
        """Raise unless the window fits the transform and the mel bands lie within its spectrum."""
        samples = round(self.window * self.sample_rate)
        if self.fft_size < samples:
            remedy = f"Use features.fft_size={2 ** (samples - 1).bit_length()}, for example."
            expected = f"at least the {samples} samples of the window"
            raise invalid("features.fft_size", self.fft_size, expected, remedy)
        if not self.f_min < self.f_max <= self.sample_rate / 2:
            expected = f"a frequency above f_min={self.f_min:g} and up to half the sample rate"
            remedy = f"Use features.f_max={self.sample_rate / 2}."
            raise invalid("features.f_max", self.f_max, expected, remedy)
        return self


class LogMelLLDFeatures(LogMelFeatures, of=["features.logmel_lld.LogMelLLD"]):
    extra = "opensmile"
    frame_shift: Annotated[float, Field(ge=0.010, le=0.010), expect("0.01, as in openSMILE")]


class EGeMAPSFeatures(Frames, of=["features.egemaps.EGeMAPS"]):
    extra = "opensmile"
    level: Literal["functionals", "lld"]


class EGeMAPSFunctionals(EGeMAPSFeatures):
    level: Literal["functionals"]  # one vector for an utterance


class SSLFeatures(Component, of=["features.ssl.SSL"]):
    extra = "ssl"
    package = "transformers"
    checkpoint: str
    revision: str | None
    digest: str | None
    layer: Layer
    trim_db: NonNegative | None
    store: Literal["float32", "float16"] = "float32"  # the default is of models saved without it


class JoinedFeatures(Component, of=["features.joined.Joined"]):
    frame_shift_s: Seconds
    members: Annotated[dict[str, Features], Field(min_length=2)]


class ImportedFeatures(Component, of=["features.imported.Imported"]):
    root: str
    frame_shift_s: Seconds
    columns: PositiveInt | None
    digest: str | None
    store: Literal["float32", "float16"] = "float32"


# split


class RandomSplit(Component, of=["split.random.folds"]):
    test: Annotated[float, Field(gt=0, lt=1)]
    validation: BelowOne


class SessionSplit(Component, of=["split.grouped.session_folds"]):
    validation: Annotated[float, Field(ge=0, lt=2 / 3)]  # rounded to one in n groups, n from 2


class CorpusSplit(SessionSplit, of=["split.grouped.corpus_folds"]):
    test: str | None


class GroupSplit(SessionSplit, of=["split.grouped.speaker_folds", "split.grouped.script_folds"]):
    leave_one_out_up_to: NonNegativeInt
    folds: Folds


class FileSplit(Component, of=["split.file.folds"]):
    path: str


# data


class Data(Section):
    style: Literal["improvised", "scripted"] | None
    segment_s: Positive
    hop_s: Positive
    remainder: Literal["drop", "pad"]


# training


class Optimizer(Section):
    lr: NonNegative
    betas: Annotated[list[BelowOne], Field(min_length=2, max_length=2)]
    eps: NonNegative


class Stage(Section):
    epochs: PositiveInt
    steps: NonNegativeInt
    batch_size: PositiveInt
    gradient_clip: Positive | None
    optimizer: Optimizer


class Training(Section):
    pretrain: Stage
    classify: Stage
    pretrained: Annotated[str, AfterValidator(os.path.expanduser)]
    unlabelled: bool
    label_dropout: Proportion
    latent: Literal["mu", "sample"]
    encoder_lr: NonNegative | None


class Trainer(Section):
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: PositiveInt
    num_nodes: PositiveInt
    strategy: Literal["auto", "ddp_spawn", "ddp"]
    precision: Literal["32-true", "bf16-mixed", "16-mixed", "64-true"]
    accumulate_grad_batches: PositiveInt

    @model_validator(mode="after")
    def check_strategy(self) -> Self:
        """Raise if several devices have no strategy."""
        if self.strategy == "auto" and self.devices != 1:
            remedy = "Use trainer=ddp on one machine, or trainer=nodes on several."
            raise invalid("trainer.devices", self.devices, "1 with trainer.strategy=auto", remedy)
        return self


# model


class AEModel(Component, of=["model.ae.AE"]):
    hidden: LayerSizes
    latent: PositiveInt
    activation: Activation


class VAEModel(AEModel, of=["model.vae.VAE", "model.cvae.CVAE", "model.untrained.Untrained"]):
    beta: NonNegative


class PCAModel(Component, of=["model.pca.PCA"]):
    latent: PositiveInt


# baselines: models that classify whole utterances by themselves


class SVMGrid(Section):
    kernel: Annotated[list[Literal["linear", "rbf"]], Field(min_length=1)]
    C: Annotated[list[Positive], Field(min_length=1)]
    class_weight: Annotated[list[Literal["balanced", None]], Field(min_length=1)]


class SVM(Section):
    kernel: Literal["linear", "rbf"]
    C: Positive
    class_weight: Literal["balanced", None]
    folds: Folds
    tune: bool
    grid: SVMGrid


class UtteranceSVMModel(Component, of=["baseline.utterance_svm.UtteranceSVM"]):
    functionals: FunctionalSet | None
    egemaps: EGeMAPSFunctionals | None
    svm: SVM


class UtteranceLinearModel(Component, of=["baseline.utterance_linear.UtteranceLinear"]):
    functionals: FunctionalSet
    C: Positive
    class_weight: Literal["balanced", None]
    folds: Folds


class UtteranceVAEModel(AEModel, of=["model.utterance_vae.UtteranceVAE"]):
    egemaps: EGeMAPSFunctionals
    functionals: FunctionalSet
    clip: Positive
    dropout: BelowOne
    beta: NonNegative
    elbo_weight: NonNegative
    label_smoothing: Proportion
    trained: bool
    members: PositiveInt
    training: Stage


# classifier


class LSTMHead(Component, of=["classifier.lstm.LSTMClassifier"]):
    hidden: PositiveInt
    layers: PositiveInt
    dense: PositiveInt
    pooling: Literal["last", "mean"]
    bidirectional: bool
    dropout: BelowOne
    standardise: bool


class FunctionalsSVM(Component, of=["classifier.functionals.FunctionalsClassifier"]):
    functionals: FunctionalSet
    svm: SVM


# logger


class TensorBoardLogger(Component, of=["logger.tensorboard.open_run"]):
    extra = "tensorboard"


class WandbLogger(Component, of=["logger.wandb.open_run"]):
    project: str
    group: str | None
    mode: Literal["online", "offline", "disabled"] | None
    pictures: bool
    predictions: NonNegativeInt
    audio: NonNegativeInt
    audio_bytes: NonNegativeInt
    artifacts: bool
    start_timeout_s: Positive
    timeout_s: Positive


class Choice(Section):
    """The options that were chosen on the command line, for names, tables and command.txt."""

    corpus: str
    features: str
    split: str
    data: str
    model: str
    classifier: str
    training: str
    config_dir: str | None


class Settings(Section):
    """The whole configuration of a run; attributes are named as the keys of conf/config.yaml."""

    corpus: AnyCorpus
    features: Features
    split: Annotated[SerializeAsAny[Component], component("split")]
    data: Data
    model: Annotated[SerializeAsAny[Component], component("model")]
    classifier: Annotated[SerializeAsAny[Component], component("classifier")]
    training: Training
    trainer: Trainer
    logger: dict[str, Annotated[SerializeAsAny[Component], component("logger")]]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    fold: Fold
    normalise: Literal["train", "speaker", "corpus", "none"]
    # YAML reads an unquoted null as None
    label_policy: Annotated[LabelPolicy, BeforeValidator(lambda name: name or "null")]
    label_policies: Literal["headline", "one_encoder", "all"]
    calibrate: bool
    bad_audio: Literal["error", "drop"]
    runs: str
    cache: str
    jobs: PositiveInt | None
    memory_gb: NonNegative
    max_batch_segments: PositiveInt
    threads: PositiveInt | None
    compile: bool
    progress: bool
    force: bool
    debug: bool
    objective: str | None
    choice: Choice

    def plain(self) -> dict[str, Any]:
        """Return the settings as the mapping that they were validated from."""
        return self.model_dump(by_alias=True)

    def code_digest(self, *groups: str) -> str:
        """Hash the source files of the classes that groups name, so that edited code is noticed."""
        targets = sorted(set(find_targets({name: self.plain()[name] for name in groups})))
        return hashlib.sha256("\n".join(map(source_of, targets)).encode()).hexdigest()

    @model_validator(mode="after")
    def check_joined(self) -> Self:
        """Raise if a split or a normalisation by corpus is asked for with a single corpus."""
        by_corpus = {"split": isinstance(self.split, CorpusSplit)}
        by_corpus["normalise"] = self.normalise == "corpus"
        key = next((key for key, asked in by_corpus.items() if asked), None)
        if key and not isinstance(self.corpus, JoinedCorpus | OutsideComponent):
            expected = "another value, as there is only one corpus"
            raise invalid(key, "corpus", expected, "Use corpus=joined, see docs/corpora.md.")
        return self

    @model_validator(mode="after")
    def check_label_policy(self) -> Self:
        """Raise unless model and pretraining allow the label policy."""
        policy, pretrained = self.label_policy, self.training.pretrained
        if policy == "null":
            return self
        model, name = load(self.model.target), short_name(self.model)
        if not getattr(model, "conditional", False):
            remedy = "Use model=cvae, or leave label_policy alone."
            raise invalid("label_policy", policy, f"null, as {name} takes no label", remedy)
        if policy == "dropout" and pretrained != "auto":
            expected = f"another policy, as training.pretrained={pretrained} pretrains nothing"
            remedy = "Use training.pretrained=auto, or another policy."
            raise invalid("label_policy", policy, expected, remedy)
        bound = {"squared_error", "kl"}  # the terms of eq. (3)
        if policy in POLICIES_BY_BOUND and not bound <= set(getattr(model, "quantities", ())):
            expected = f"another policy, as the loss of {name} has no squared_error and kl"
            remedy = "Both are needed to bound log P(X|c). Use label_policy=marginal, for example."
            raise invalid("label_policy", policy, expected, remedy)
        return self

    @model_validator(mode="after")
    def check_training(self) -> Self:
        """Raise unless model and classifier can be trained as asked, and have the objective."""
        check_objective(self.objective, getattr(self.split, "validation", None), self.fold)
        training, name = self.training, short_name(self.model)
        source, sampled = training.pretrained, training.latent == "sample"
        if source == "auto" and not sampled and training.encoder_lr is None:
            return self
        model = load(self.model.target)
        if getattr(model, "level", "segment") != "segment":
            return self  # models of utterances are trained in another way
        if source != "auto" and not getattr(model, "quantities", ()):
            expected = f"auto, as {name} has no pretraining stage to skip or to load weights of"
            raise invalid("training.pretrained", source, expected, "Use training.pretrained=auto.")
        if sampled and not hasattr(model, "posterior"):
            expected = f"mu, as {name} has no posterior to sample from"
            remedy = "Use model=vae or model=cvae, or training.latent=mu."
            raise invalid("training.latent", training.latent, expected, remedy)
        if training.encoder_lr is not None and not hasattr(load(self.classifier.target), "forward"):
            expected = f"null, as {short_name(self.classifier)} has no gradient for an encoder"
            remedy = "Use classifier=lstm, or training.encoder_lr=null."
            raise invalid("training.encoder_lr", training.encoder_lr, expected, remedy)
        return self


def check_objective(objective: str | None, validation: float | None, fold: Any) -> None:
    """Raise unless a run has the objective that a sweeper optimises.

    Args:
        objective: a quantity in a stage's curves, such as classify/validation/loss.
        validation: proportion of the training set that is held out; None where that is not known.
        fold: as `Settings.fold`.
    """
    if objective is None:
        return
    remedy = "Use a quantity of the validation set, such as objective=classify/validation/loss."
    if not re.fullmatch(r"(pretrain|classify)/validation/.+", objective):
        expected = "pretrain/validation/… or classify/validation/…, as the test set must not select"
    elif validation == 0:
        expected = "null, as this split has no validation set"
        remedy = "Hold out some of the training set, such as split.validation=0.2."
    elif fold == "all":
        expected, remedy = "null, as fold=all runs several folds", "Choose one, such as fold=0."
    else:
        return
    raise invalid("objective", objective, expected, remedy)


def check_expression(key: str, expression: str, remedy: str) -> None:
    try:
        re.compile(expression)
    except re.error as error:
        raise invalid(key, expression, "a regular expression", remedy, str(error)) from None


def short_name(component: Component) -> str:
    return component.target.rpartition(".")[2]


def load(target: str, key: str = "_target_") -> Callable[..., Any]:
    """Import the class or function of a dotted name; `key` is the setting that holds it.

    Raises:
        SerVaeError: there is none.
    """
    try:
        loaded: Callable[..., Any] = pkgutil.resolve_name(target)
        inspect.signature(loaded)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        expected = "the dotted name of a class or function that can be imported"
        remedy = "Install its package, or add its folder to PYTHONPATH."
        raise invalid(key, target, expected, remedy, str(error)) from error
    return loaded


def check_signature(group: str, component: OutsideComponent) -> None:
    """Raise unless a component outside this package can be called with its settings."""
    positional, runtime = RUNTIME_ARGUMENTS.get(group, (0, ()))
    settings = component.model_extra or {}
    signature = inspect.signature(load(component.target, f"{group}._target_"))
    try:
        signature.bind(*range(positional), **dict.fromkeys(runtime), **settings)
    except TypeError as error:
        expected = f"the settings of {short_name(component)}{signature}"
        remedy = f"Correct them in your file of conf/{group}/, or on the command line."
        got = str(error).removeprefix("got ")
        raise invalid(group, settings, expected, remedy, got) from None


def find_targets(config: Mapping[str, Any]) -> list[str]:
    """Return the dotted names of all classes and functions in a part of a configuration."""
    return [value for key, value in flatten(config, "/").items() if key.endswith("_target_")]


def source_of(target: str) -> str:
    """Return the source of the module that defines a class or function.

    One of this package is found without importing it, as most would import PyTorch.
    """
    if target not in COMPONENTS:
        return inspect.getsource(sys.modules[load(target).__module__])
    _, *names = target.split(".")[:-1]
    return Path(__file__).parent.joinpath(*names).with_suffix(".py").read_text(encoding="utf-8")


def parse_component(values: Mapping[str, Any]) -> Component:
    """Validate a class and its settings by the model that the class is registered with."""
    return COMPONENTS.get(values.get("_target_"), OutsideComponent).model_validate(values)


def build(component: Component | Mapping[str, Any], *arguments: Any, **runtime: Any) -> Any:
    """Call the target of a component with its settings and what is known at run time."""
    if isinstance(component, Component):
        component = component.model_dump(by_alias=True)
    settings = {key: value for key, value in component.items() if key != "_target_"}
    return load(component["_target_"])(*arguments, **settings, **runtime)


def check_devices(trainer: Trainer) -> None:
    """Raise unless this machine has the device that `trainer` asks for."""
    import torch  # noqa: PLC0415  (a finished run needs no torch)

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    available = {"cuda": cuda, "mps": mps, "gpu": cuda or mps}
    if not available.get(trainer.accelerator, True):
        remedy = "Use trainer=auto or trainer=cpu; nvidia-smi shows the state of a GPU."
        expected = "a device that PyTorch finds here"
        raise invalid("trainer.accelerator", trainer.accelerator, expected, remedy)
    if trainer.precision == "16-mixed" and (trainer.accelerator == "cpu" or not cuda):
        expected = "another precision without a CUDA GPU; Lightning would silently use bf16-mixed"
        remedy = "Use trainer=gpu, or trainer.precision=bf16-mixed."
        raise invalid("trainer.precision", trainer.precision, expected, remedy)
    if trainer.precision == "bf16-mixed" and (trainer.accelerator == "cpu" or not (cuda or mps)):
        try:
            with torch.autocast("cpu", torch.bfloat16):
                torch.nn.LSTM(1, 1)(torch.zeros(1, 1, 1))
        except RuntimeError:
            expected = "a precision in which this processor can compute an LSTM"
            remedy = "Use trainer.precision=32-true."
            raise invalid("trainer.precision", "bf16-mixed", expected, remedy) from None


def validate(config: Mapping[str, Any]) -> Settings:
    """Return the typed settings of a composed configuration.

    Raises:
        SerVaeError: a key is unknown or missing, or a value has the wrong type, is out of range or
            does not go with another.
    """
    try:
        return Settings.model_validate(config)
    except ValidationError as error:
        raise explain(error.errors()[0], config) from None


ALL_SETTINGS = "All settings: python -m ser_vae.run --help"
REMEDIES = {  # where the setting's comment in conf/ is not enough
    "label_policy": "oracle cannot be chosen; a run of a CVAE reports it as a control.",
    "corpus.name": "See its comment in conf/corpus/; use corpus.name=mine, for example.",
    "model.beta": "Eq. (3) of the paper has 1.",
    "features.root": "Give the folder of your frames, a .npy (T, F) for each, or a .parquet.",
    "features.frame_shift_s": "Give the seconds between two of your frames, such as 0.02.",
    "split.path": "Give a CSV with the columns utterance and part, such as a run's split.csv.",
    "training.pretrain.epochs": "To skip pretraining: training.pretrained=none.",
    "trainer.devices": "CUDA_VISIBLE_DEVICES chooses which.",
}


def explain(error: ErrorDetails, config: Mapping[str, Any]) -> SerVaeError:
    """Return what is wrong with a setting, what is expected and what to do."""
    names = [name for name in error["loc"] if isinstance(name, str)]  # without indices of lists
    key = ".".join(names)
    if error["type"] == "extra_forbidden":
        return explain_unknown(key, error["input"], list(dotted_keys(config)))
    expected = re.sub(r"^\w+ should (be|have) ", "", error["msg"])
    expected = expected.replace("'", "").replace("None", "null")
    where = f"conf/{names[0]}/" if len(names) > 1 else "conf/config.yaml"
    remedy = REMEDIES.get(key, f"See its comment in {where}.")
    if error["type"] == "missing":
        return SerVaeError(f"{key}: expected a value, got none.\n{remedy}")
    value: Any = config
    for name in names:
        value = value[name]
    return invalid(key, value, expected, remedy, format_value(error["input"]))


def explain_unknown(key: str, value: Any, known: Sequence[str]) -> SerVaeError:
    """Return what to do about an unknown key."""
    if "." not in key and isinstance(value, Mapping) and value.keys() & Settings.model_fields:
        expected = f"no settings below {key}: a file of this group lacks its package line"
        remedy = "Begin it with `# @package _global_`; save it as UTF-8, no byte order mark."
        return invalid(key, value, expected, remedy, "…")
    known = [name for name in known if name != key and not name.startswith(f"{key}.")]
    remedy = f"{did_you_mean(key, known)}{ALL_SETTINGS}"
    return invalid(key, value, "a known setting", remedy, "an unknown one")


def did_you_mean(key: str, known: Sequence[str]) -> str:
    """Return a line that suggests the known names nearest to `key`, or nothing.

    A setting of the same name in another group comes before a similar name.
    """
    known = [n for n in known if "_target_" not in n and not f"{key}.".startswith(f"{n}.")]
    last = key.rpartition(".")[2]
    near = [name for name in known if name.rpartition(".")[2] == last][:3]
    near = near or difflib.get_close_matches(key, known, n=1, cutoff=0.75)
    return f"Did you mean {' or '.join(near)}?\n" if near else ""


def dotted_keys(config: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    """Yield every key of a configuration, groups included, such as training.pretrain.epochs."""
    for key, value in config.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from dotted_keys(value, f"{prefix}{key}.")


def flatten(nested: Mapping[str, Any], separator: str) -> dict[str, Any]:
    """Join the keys of nested mappings: {"audit": {"verdict": 1}} -> {"audit/verdict": 1}."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}{separator}{k}": v for k, v in flatten(value, separator).items()}
        else:
            flat[key] = value
    return flat
