"""The artefact of a run: everything from an audio file to an emotion, in one object.

A run scores its test set with this object, and saves this object, so that training and use cannot
drift apart. It needs neither the corpus nor the configuration system:

    from ser_vae.recogniser import Recogniser
    recogniser = Recogniser.load("runs/random/vae-complete-demo-seed0-0123abcd")
    recogniser.predict("speech.wav").emotion

`save` writes three files, of which the second or the third may be absent:

    recogniser.json       what it consists of, how it was trained and scored, checksums; see `save`
    weights.safetensors   networks, and the statistics of the normalisation
    estimator.skops       the state of a scikit-learn estimator
"""

import copy
import hashlib
import inspect
import json
import platform
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import skops.io
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.baseline.estimator import UtteranceData
from ser_vae.classifier.head import SequenceEstimator
from ser_vae.data.segment import Segmentation, Segments, cut
from ser_vae.features import audio
from ser_vae.features.audio import Samples
from ser_vae.features.extractor import Extractor, Invertible
from ser_vae.features.normalise import Normaliser, Scale
from ser_vae.files import atomic_write, write_text
from ser_vae.model.representation import Network, Representation
from ser_vae.settings import Component, build, find_targets, is_built_in, parse_component
from ser_vae.training.decode import has_trained_decoder
from ser_vae.training.encode import Marginal
from ser_vae.training.illustrate import Illustrator
from ser_vae.training.label_policy import POLICIES, Condition, LabelPolicy, Trained
from ser_vae.training.predict import LatentClassifier, Probabilities

FORMAT = 1  # of recogniser.json; raised when its meaning changes
JSON, WEIGHTS, ESTIMATOR = "recogniser.json", "weights.safetensors", "estimator.skops"
PACKAGES = ("ser_vae", "torch", "torchaudio", "lightning", "numpy", "scikit-learn")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Prediction:
    """The emotion of one file.

    Attributes:
        emotion: the most probable one.
        probabilities: emotion -> probability, in the order of the classes.
    """

    emotion: str
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Components:
    """The classes and settings that a recogniser is rebuilt from; `classifier` may be unused."""

    features: Component
    model: Component
    classifier: Component


@dataclass(frozen=True)
class Recogniser:
    """Audio -> frames -> standardised segments -> latents -> emotion, or an utterance-level model.

    Attributes:
        extractor: waveform -> frames (T, F).
        segmentation: frames -> segments.
        normaliser: with its fitted statistics.
        emotions: the K classes.
        seed: of the run; of whatever is drawn at prediction (`random`, `latent=sample`, bounds).
        policy: what stands in for the label.
        representation: segment -> latent; None for an utterance-level model.
        classifiers: those that `policy` needs, by the condition they learned under.
        estimator: an utterance-level model; None otherwise.
        components: classes and settings of the parts.
        about: corpus, protocol, audit, scores, …: what `save` writes besides.
    """

    extractor: Extractor
    segmentation: Segmentation
    normaliser: Normaliser
    emotions: tuple[str, ...]
    seed: int
    policy: LabelPolicy
    representation: Representation | None
    classifiers: Mapping[Condition, LatentClassifier]
    estimator: Any  # UtteranceEstimator | UtteranceVAE | None
    components: Components
    about: Mapping[str, Any]
    device: torch.device = CPU

    def predict(self, file: str | Path, *, speaker: str | None = None) -> Prediction:
        """Recognise the emotion of an audio file of any sample rate.

        `speaker` names a speaker of the run; needed by a model of normalise=speaker only.

        Raises:
            SerVaeError: the file is unreadable or shorter than a segment, or the model needs
                statistics of the speaker that it does not have.
        """
        return self.predict_files([file], None if speaker is None else [speaker])[0]

    def predict_files(
        self, files: Sequence[str | Path], speakers: Sequence[str] | None = None
    ) -> list[Prediction]:
        """Recognise several files together.

        `speakers` names who speaks in each. A model of normalise=speaker computes the statistics of
        a speaker that it does not know from the speaker's files among these.
        """
        if not files:
            return []
        known, segments, names, whole = self.standardised(files, speakers)
        rows = known.classify(segments, names, whole)
        return [
            Prediction(
                self.emotions[int(row.argmax())],
                dict(zip(self.emotions, row.tolist(), strict=True)),
            )
            for row in rows
        ]

    def standardised(
        self,
        files: Sequence[str | Path],
        speakers: Sequence[str] | None = None,
        clips: Sequence[audio.Clip | None] | None = None,
    ) -> tuple["Recogniser", Segments, Sequence[str], Samples | None]:
        """Read files, or clips of them, and standardise their segments, for `classify`.

        Returns:
            This recogniser, with the statistics of new speakers if it is one of normalise=speaker;
            the segments of the files; who speaks in each; and the input of an estimator (U, E).
        """
        waveforms = [
            audio.read(Path(file), self.extractor.sample_rate, clip)
            for file, clip in zip(files, clips or [None] * len(files), strict=True)
        ]
        frames = [self.extractor(waveform) for waveform in waveforms]
        for file, each in zip(files, frames, strict=True):
            if not self.segmentation.frames_kept(len(each)):
                raise SerVaeError(
                    f"{file}: too short: {len(each)} frames, and a segment has "
                    f"{self.segmentation.length}.\nGive a longer recording."
                )
        segments = cut(frames, self.segmentation)
        speakers = speakers or [""] * len(files)
        whole = None
        if self.estimator is not None and self.estimator.extractor is not None:
            whole = np.concatenate([self.estimator.extractor(each) for each in waveforms])
        views, known = segments.frames_by_utterance(), self
        if self.normaliser.policy == "speaker":
            for speaker in sorted(set(speakers) - {"", *self.normaliser.scales}):
                rows = [index for index, name in enumerate(speakers) if name == speaker]
                known = known._with_speaker(speaker, views, whole, rows)
        for view, speaker in zip(views, speakers, strict=True):
            known.normaliser.apply(view, speaker)
        return known, segments, speakers, whole

    def classify(
        self, segments: Segments, speakers: Sequence[str], whole: Samples | None = None
    ) -> Probabilities:
        """Recognise U utterances from standardised segments: (U, K).

        Args:
            segments: of the utterances, standardised by `normaliser`.
            speakers: of the utterances.
            whole: (U, E) what `estimator.extractor` returns, if it has one.
        """
        if self.estimator is None:
            return self.policy.probabilities(self.trained(segments, speakers))
        probabilities: Probabilities = self.estimator.predict_proba(
            utterance_data(segments, speakers, whole)
        )
        return probabilities

    def trained(self, segments: Segments, speakers: Sequence[str]) -> Trained:
        """Pair the networks with the utterances that a label policy is to classify."""
        assert self.representation is not None
        return Trained(
            self.representation,
            self.classifiers,
            segments,
            speakers,
            len(self.emotions),
            self.seed,
            self.device,
        )

    def illustrator(
        self, segments: Segments, speakers: Sequence[str], label: Tensor
    ) -> Illustrator | None:
        """Return an `Illustrator` of standardised utterances; label (U,) may hold -1.

        None if the extractor's frames are no spectrogram, or the model was not trained to decode.
        """
        model = self.representation
        if model is None or not has_trained_decoder(model):
            return None
        if not isinstance(self.extractor, Invertible):
            return None
        scales = [self.normaliser.scale_of(speaker) for speaker in speakers]
        return Illustrator(
            model, self.extractor, segments, scales, label, len(self.emotions), self.device
        )

    def _with_speaker(
        self, speaker: str, frames: Sequence[Tensor], whole: Samples | None, chosen: Sequence[int]
    ) -> "Recogniser":
        """Add the statistics of a speaker from the utterances at the places `chosen`."""
        normaliser = self.normaliser.with_speaker(speaker, [frames[index] for index in chosen])
        estimator = copy.deepcopy(self.estimator)
        standardised = [
            normaliser.apply(frames[index].clone(), speaker).numpy() for index in chosen
        ]
        data = UtteranceData(
            standardised, None if whole is None else whole[chosen], (speaker,) * len(chosen)
        )
        if estimator is not None:
            estimator.add_speaker(speaker, data)
        return replace(self, normaliser=normaliser, estimator=estimator)

    def save(self, folder: Path) -> None:
        """Write the recogniser.

        recogniser.json holds `format`; `about` (corpus, protocol, audit word, scores, …);
        `software`; `emotions`, `label_policy`, `seed`; `features`, `model`, `classifier` (the class
        as `_target_`, and its settings); `segmentation` in frames; `normalise`; `training` (how
        latents are computed); and `checksums` (SHA-256 of the other files).
        """
        files = {WEIGHTS: save_tensors(self._tensors(), metadata={"format": "pt"})}
        if (state := self._estimator_state()) is not None:
            files[ESTIMATOR] = skops.io.dumps(state)
        for name, content in files.items():
            with atomic_write(folder / name) as file:
                file.write(content)
        first = next(iter(self.classifiers.values()), None)
        document = {
            "format": FORMAT,
            **self.about,
            "software": software(self.device),
            "emotions": list(self.emotions),
            "label_policy": self.policy.name,
            "seed": self.seed,
            "features": self.components.features.model_dump(by_alias=True),
            "model": self.components.model.model_dump(by_alias=True),
            "classifier": self.components.classifier.model_dump(by_alias=True),
            "segmentation": vars(self.segmentation),
            "normalise": self.normaliser.policy,
            "training": {
                "fine_tuned": first.fine_tuned if first else False,
                "sample": first.sample if first else False,
                "batch_size": first.batch_size if first else 1,
            },
            "checksums": {name: sha256(content) for name, content in files.items()},
        }
        write_text(folder / JSON, json.dumps(document, indent=1) + "\n")

    def _tensors(self) -> dict[str, Tensor]:
        tensors: dict[str, Tensor] = {}
        for speaker, scale in self.normaliser.scales.items():
            tensors[f"normaliser/mean/{speaker}"] = scale.mean
            tensors[f"normaliser/std/{speaker}"] = scale.deviation
        for name, network in self._networks().items():
            for key, value in network.state_dict().items():
                tensors[f"{name}/{key}"] = value
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def _networks(self) -> dict[str, Network]:
        networks: dict[str, Network] = {}
        if isinstance(self.estimator, nn.Module):
            networks["estimator"] = self.estimator
        if self.representation is not None:
            networks["representation"] = self.representation
        for condition, classifier in self.classifiers.items():
            if not isinstance(classifier.head, SequenceEstimator):
                networks[f"classifier-{condition}"] = classifier.head
            if classifier.fine_tuned:
                networks[f"encoder-{condition}"] = classifier.encoder
        return networks

    def _estimator_state(self) -> dict[str, Any] | None:
        """Collect what skops stores: of an estimator, or of the heads that are no networks."""
        if self.estimator is not None:
            network = isinstance(self.estimator, nn.Module)
            state: dict[str, Any] = (self.estimator.vectors if network else self.estimator).state()
            return state
        heads: dict[str, Any] = {
            condition: classifier.head.state()
            for condition, classifier in self.classifiers.items()
            if isinstance(classifier.head, SequenceEstimator)
        }
        return heads or None

    @classmethod
    def load(
        cls, path: str | Path, *, trust: Collection[str] = (), device: torch.device = CPU
    ) -> "Recogniser":
        """Load a recogniser from a run folder, or from its `model/` or a copy of that.

        Nothing in the folder is executed: it names classes of this package, and values.

        Args:
            path: the folder.
            trust: dotted names of classes outside the package that it may use, such as your own
                model's; using one imports it.
            device: where to compute.

        Raises:
            SerVaeError: a file is missing or altered, or names a class that is not trusted.
        """
        folder = model_folder(Path(path))
        document = read_document(folder)
        files = read_files(folder, document["checksums"])
        features, model, head = (
            checked_component(document[name], folder, trust)
            for name in ("features", "model", "classifier")
        )
        extractor: Extractor = build(features)
        segmentation = Segmentation(**document["segmentation"])
        tensors = read_tensors(folder / WEIGHTS, files[WEIGHTS])
        state = read_estimator(folder / ESTIMATOR, files[ESTIMATOR]) if ESTIMATOR in files else None
        emotions = tuple(document["emotions"])
        network = build_model(model, extractor, segmentation, len(emotions))
        recogniser = cls(
            extractor=extractor,
            segmentation=segmentation,
            normaliser=Normaliser(document["normalise"], scales_of(tensors)),
            emotions=emotions,
            seed=document["seed"],
            policy=POLICIES[document["label_policy"]],
            representation=None,
            classifiers={},
            estimator=None,
            components=Components(features, model, head),
            about={key: value for key, value in document.items() if key not in NOT_ABOUT},
            device=device,
        )
        if network.level == "utterance":
            if isinstance(network, nn.Module):
                load_network(network, tensors, "estimator", folder)
            fitted: Any = network.vectors if isinstance(network, nn.Module) else network
            fitted.load_state(state)
            return replace(recogniser, estimator=network)
        load_network(network, tensors, "representation", folder)
        classifiers: dict[Condition, LatentClassifier] = {}
        for condition in recogniser.policy.classifiers:
            encoder: Any = network
            if condition == "every":
                encoder = Marginal(network, len(emotions))
            if document["training"]["fine_tuned"]:
                encoder = copy.deepcopy(encoder)
                load_network(encoder, tensors, f"encoder-{condition}", folder)
            classifier = build(head, input_size=network.latent_size, num_classes=len(emotions))
            if isinstance(classifier, nn.Module):
                load_network(classifier, tensors, f"classifier-{condition}", folder)
            else:
                classifier.load_state((state or {})[condition])
            classifiers[condition] = LatentClassifier(
                encoder, classifier, seed=document["seed"], device=device, **document["training"]
            )
        return replace(recogniser, representation=network, classifiers=classifiers)


NOT_ABOUT = (
    *("format", "software", "emotions", "label_policy", "seed", "features", "model"),
    *("classifier", "segmentation", "normalise", "training", "checksums"),
)


def software(device: torch.device) -> dict[str, str]:
    """List what the numbers were made with; other versions and devices change last digits."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
    }


def utterance_data(
    segments: Segments, speakers: Sequence[str], whole: Samples | None
) -> UtteranceData:
    """Arrange utterances for an utterance-level model."""
    frames = [frames.numpy() for frames in segments.frames_by_utterance()]
    return UtteranceData(frames, whole, tuple(speakers))


def build_model(
    model: Component, extractor: Extractor, segmentation: Segmentation, classes: int
) -> Any:
    """Build a representation or an utterance-level model as initialised."""
    columns = len(extractor.names)
    sizes = {"input_size": segmentation.length * columns, "num_classes": classes}
    built_in = is_built_in({"_target_": model.target})
    if built_in and "columns" in inspect.signature(resolve_name(model.target)).parameters:
        sizes["columns"] = columns
    return build(model, **sizes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def model_folder(path: Path) -> Path:
    for folder in (path / "model", path):
        if (folder / JSON).is_file():
            return folder
    raise SerVaeError(
        f"{path}: expected a run folder or its model/, which holds {JSON}; there is none.\n"
        "Give the folder of a finished run, such as runs/random/vae-complete-demo-seed0-0123abcd."
    )


def read_document(folder: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads((folder / JSON).read_text(encoding="utf-8"))
        found = document["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SerVaeError(f"{folder / JSON}: not as a run writes it: {error!r}.") from error
    if found != FORMAT:
        raise SerVaeError(
            f"{folder / JSON}: format {found}, expected {FORMAT}.\n"
            "Load it with the version of ser_vae that wrote it, or train it again."
        )
    return document


def read_files(folder: Path, checksums: Mapping[str, str]) -> dict[str, bytes]:
    """Read the files that the JSON names; a missing or altered one is an error."""
    files = {}
    for name in (WEIGHTS, ESTIMATOR):
        if name not in checksums:
            continue
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as error:
            raise SerVaeError(
                f"{folder / name}: {error.strerror}; {JSON} says that it belongs to the model.\n"
                "Copy the whole folder."
            ) from error
        if sha256(files[name]) != checksums[name]:
            raise SerVaeError(
                f"{folder / name}: altered or damaged: its checksum is not the one in {JSON}.\n"
                "Copy the folder again from where it was trained."
            )
    return files


def checked_component(values: Mapping[str, Any], folder: Path, trust: Collection[str]) -> Component:
    """Read a class and its settings; refuse a class that is neither built in nor trusted."""
    for target in find_targets(values):
        if not is_built_in({"_target_": target}) and target not in trust:
            raise SerVaeError(
                f"{folder / JSON} names a class outside ser_vae: {target}.\n"
                f"Loading it runs that code. If you trust it: trust=[{target!r}]."
            )
    return parse_component(values)


def read_tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise SerVaeError(f"{path}: not a safetensors file: {error}.") from error


def read_estimator(path: Path, content: bytes) -> Any:
    """Read the state of an estimator: NumPy arrays and scikit-learn's own classes alone."""
    untrusted = skops.io.get_untrusted_types(data=content)
    if untrusted:
        raise SerVaeError(f"{path}: holds types that are not loaded: {', '.join(untrusted)}.")
    return skops.io.loads(content, trusted=[])


def scales_of(tensors: Mapping[str, Tensor]) -> dict[str, Scale]:
    means = "normaliser/mean/"
    return {
        name.removeprefix(means): Scale(mean, tensors[f"normaliser/std/{name.removeprefix(means)}"])
        for name, mean in tensors.items()
        if name.startswith(means)
    }


def load_network(network: Network, tensors: Mapping[str, Tensor], name: str, folder: Path) -> None:
    prefix = f"{name}/"
    state = {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise SerVaeError(
            f"{folder / WEIGHTS}: the weights of {name} do not fit {JSON}: "
            f"{str(error).splitlines()[0]}"
        ) from error
    network.eval()
