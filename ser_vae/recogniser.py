"""The artefact of a run: everything from an audio file to an emotion, in one object.

A run scores its test set with this object, and saves this object, so that training and use cannot
drift apart. It needs neither the corpus nor the configuration system:

    from ser_vae.recogniser import Recogniser
    recogniser = Recogniser.load("runs/random/vae-complete-demo-seed0-0123abcd")
    recogniser.predict("speech.wav").emotion

A recording is a file of any sample rate, or an array of samples (N,) or (N, channels), integer or
in ±1, with its rate in Hz.

`save` writes up to three files; the second or the third may be missing:

    recogniser.json       what it consists of, how it was trained and scored, checksums; see `save`
    weights.safetensors   networks, and the statistics of the normalisation
    estimator.skops       the state of a scikit-learn estimator
"""

import copy
import hashlib
import inspect
import json
import platform
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import skops.io
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from ser_vae import SerVaeError
from ser_vae.baseline.calibrated import with_temperature
from ser_vae.data.segment import Segmentation, Segments, cut, join_segments
from ser_vae.features import TooShortError, audio
from ser_vae.features.audio import Clip, Samples
from ser_vae.features.extractor import Extractor, Invertible
from ser_vae.features.imported import Imported
from ser_vae.features.logmel import LogMel
from ser_vae.features.normalise import Normaliser, Scale
from ser_vae.files import write_bytes, write_text
from ser_vae.model.representation import Representation
from ser_vae.settings import COMPONENTS, Component, build, find_targets, load, parse_component
from ser_vae.stream import CPU, Prediction, SegmentPipeline, Stream, TimedPrediction, Windows
from ser_vae.training.illustrate import Illustrator, has_trained_decoder
from ser_vae.training.label_policy import POLICIES, Condition, Trained
from ser_vae.training.predict import (
    LatentClassifier,
    Marginal,
    Probabilities,
    encode,
    prepare,
    uniform_condition,
    utterance_data,
)

ALL = ""  # for what is not of one condition
FORMAT = 1  # of recogniser.json; raised when its meaning changes
JSON, WEIGHTS, ESTIMATOR = "recogniser.json", "weights.safetensors", "estimator.skops"
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")  # user/name on the Hugging Face Hub
MALFORMED = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError, OSError),
    *(BadZipFile, SafetensorError),
)
COMPONENT_GROUPS = ("features", "model", "classifier")  # what a recogniser is rebuilt from
PACKAGES = ("ser_vae", "torch", "torchaudio", "lightning", "numpy", "scikit-learn")
Source = str | Path | npt.NDArray[Any]  # a file, or samples


class Recording(NamedTuple):
    """A recording to recognise.

    Attributes:
        source: a file or samples.
        rate: of the samples, in Hz.
        clip: start and end in the file, s; None for all of it.
    """

    source: Source
    rate: int = 0
    clip: Clip | None = None

    def __str__(self) -> str:
        return "samples" if isinstance(self.source, np.ndarray) else str(self.source)


@dataclass(frozen=True, kw_only=True)
class Recogniser(SegmentPipeline):
    """Audio -> frames -> standardised segments -> latents -> emotion, or an utterance-level model.

    Attributes:
        seed: of the run; also seeds draws in prediction (`random`, `latent=sample`, bounds).
        representation: segment -> latent; None for an utterance-level model.
        estimator: an utterance-level model; None otherwise.
        components: class and settings of each of COMPONENT_GROUPS; the classifier may be unused.
        about: entries of recogniser.json, of which `save` takes over corpus, protocol, scores, …
        others: see `SegmentPipeline`.
    """

    seed: int
    components: Mapping[str, Component]
    representation: Representation | None = None
    estimator: Any = None  # UtteranceEstimator | UtteranceVAE | None
    about: Mapping[str, Any] = field(default_factory=dict)

    def predict(
        self, source: Source, rate: int = 0, *, speaker: str | None = None, clip: Clip | None = None
    ) -> Prediction:
        """Recognise the emotion of a recording.

        Hours of audio need little memory, unless the model needs the whole utterance at once.

        Args:
            source: a file or samples.
            rate: of the samples in Hz, if `source` is an array.
            speaker: a speaker of the run or of `with_speaker`; for normalise=speaker only.
            clip: start and end in the file, s; None for all of it.

        Raises:
            SerVaeError: the recording is unreadable or shorter than a segment, or the model needs
                statistics of the speaker that it does not have.
        """
        recording, names, policy = Recording(source, rate, clip), [speaker or ""], self.policy
        main = self.classifiers.get(policy.condition)
        if policy.condition == "label" or main is None or main.sample:
            _, segments, whole = self.standardised([recording], names, new_speakers=False)
            return Prediction.of(self.emotions, self.classify(segments, names, whole)[0].tolist())
        z = self._latents(main.encoder, recording, speaker)
        probability = with_temperature(main.classify([z], names), self.temperature)
        return Prediction.of(self.emotions, probability[0].tolist())

    def trajectory(
        self, source: Source, rate: int = 0, *, every_s: float = 0.1, clip: Clip | None = None
    ) -> list[TimedPrediction]:
        """Recognise the emotion of a recording from its start to each of several times.

        Each prediction equals that of `predict` for a recording that ends there; the last one is
        for the whole recording.

        Args:
            source: a file or samples.
            rate: of the samples in Hz, if `source` is an array.
            every_s: seconds between predictions, in whole segments; the last may follow sooner.
            clip: start and end in the file, s; None for all of it.

        Raises:
            SerVaeError: as `predict` does; or a part of the model needs the whole utterance.
        """
        stream, recording = self.stream(), Recording(source, rate, clip)
        rate_hz = self.extractor.sample_rate
        blocks = self._blocks(recording, rate_hz)
        predictions = [p for block in blocks for p in stream.push(block, rate_hz)]
        predictions += stream.finish()
        if not predictions:
            raise SerVaeError(f"{recording}: too short for a segment.")
        step = max(1, round(every_s / (self.segmentation.hop * self.extractor.frame_shift_s)))
        return [*predictions[step - 1 : -1 : step], predictions[-1]]

    def encode(
        self, source: Source, rate: int = 0, *, speaker: str | None = None, clip: Clip | None = None
    ) -> Samples:
        """Encode each segment of a recording: (S, Z), the mean of the posterior if there is one.

        A conditional representation gets no label. See `predict` for the arguments and errors.
        """
        if self.representation is None:
            raise SerVaeError(
                f"{self.model_name}: a model of whole utterances has no latents.\n"
                "Give a model of segments, such as one of model=vae."
            )
        return self._latents(self.representation, Recording(source, rate, clip), speaker).numpy()

    @torch.no_grad()
    def decode(
        self, z: npt.NDArray[np.floating], *, emotion: str | None = None, speaker: str | None = None
    ) -> Samples:
        """Decode latents of consecutive segments: (S, Z) -> frames (T, F), such as log-mel.

        `emotion` is the condition of a conditional representation; None for no label. `speaker`
        selects the statistics that scale the frames, for normalise=speaker only.

        Raises:
            SerVaeError: the model has no trained decoder, or not this emotion.
        """
        model: Any = self.representation
        if not has_trained_decoder(model):
            raise SerVaeError(
                f"{self.model_name}: it has no trained decoder.\nUse model=ae, vae or cvae."
            )
        if emotion not in (None, *self.emotions):
            raise SerVaeError(f"{emotion}: expected one of {', '.join(self.emotions)}.")
        c = uniform_condition(1, len(self.emotions))[0]
        if emotion is not None:
            c = torch.eye(len(c))[self.emotions.index(emotion)]
        rows = torch.as_tensor(z, dtype=torch.float32, device=self.device)
        prepare(model, self.device)
        segments = model.decode(rows, c.expand(len(rows), -1).to(self.device)).cpu()
        start = torch.arange(len(rows)) * self.segmentation.hop
        frames = join_segments(segments, start, self.segmentation.length)
        return self.normaliser.scale_of(speaker).undo(frames).numpy()

    def frames(self, source: Source, rate: int = 0, clip: Clip | None = None) -> Samples:
        """Compute the frames of a recording, not standardised: (T, F); see `predict`."""
        recording = Recording(source, rate, clip)
        none = np.empty((0, len(self.extractor.names)), np.float32)
        frames = np.concatenate([none, *self._frame_blocks(recording)])
        self._check_length(recording, len(frames))
        return frames

    def with_speaker(
        self, speaker: str, recordings: Sequence[Recording | str | Path]
    ) -> "Recogniser":
        """Return a copy that has the statistics of a new speaker, for normalise=speaker.

        A speaker whose name is known keeps their statistics. `recordings` may be files.

        Raises:
            SerVaeError: there are none or too few, or one cannot be used.
        """
        if not recordings:
            raise SerVaeError(f"{speaker}: no recordings of this speaker.")
        items = [each if isinstance(each, Recording) else Recording(each) for each in recordings]
        return self.standardised(items, [speaker] * len(items))[0]

    def predict_files(
        self, files: Sequence[str | Path], speakers: Sequence[str] | None = None
    ) -> list[Prediction]:
        """Recognise several files together.

        `speakers` names the speaker of each file. With normalise=speaker, the statistics of a new
        speaker are computed from that speaker's files among these.
        """
        if not files:
            return []
        names = speakers or [""] * len(files)
        known, segments, whole = self.standardised([Recording(file) for file in files], names)
        rows = known.classify(segments, names, whole).tolist()
        return [Prediction.of(self.emotions, row) for row in rows]

    def standardised(
        self,
        recordings: Sequence[Recording],
        speakers: Sequence[str],
        *,
        new_speakers: bool = True,
    ) -> tuple["Recogniser", Segments, Samples | None]:
        """Read recordings and standardise their segments, for `classify`.

        Without `new_speakers`, a speaker without statistics is an error.

        Returns:
            This recogniser, with the statistics of new speakers if it is one of normalise=speaker;
            the segments; and the input of an estimator (U, E).
        """
        frames = [self.frames(*recording) for recording in recordings]
        rows = []
        if self.estimator is not None and self.estimator.extractor is not None:
            extractor = self.estimator.extractor
            blocks = (self._blocks(each, extractor.sample_rate) for each in recordings)
            rows = [extractor(np.concatenate(list(each))) for each in blocks]
        segments, known = cut(frames, self.segmentation), self
        whole = np.concatenate(rows) if rows else None
        views = segments.frames_by_utterance()
        new = self.normaliser.new_groups(speakers) if new_speakers else {}
        for group, chosen in new.items():
            normaliser = known.normaliser.with_speaker(group, [views[index] for index in chosen])
            known = replace(known, normaliser=normaliser)
        for view, speaker in zip(views, speakers, strict=True):
            known.normaliser.apply(view, speaker)
        for group, chosen in new.items():
            mask = torch.zeros(len(speakers), dtype=torch.bool)
            mask[chosen] = True
            of_group = None if whole is None else whole[chosen]
            known = known._with_fitted(group, segments.of(mask), of_group)
        return known, segments, whole

    def _check_length(self, recording: Recording, frames: int) -> None:
        if not self.segmentation.frames_kept(frames):
            raise SerVaeError(
                f"{recording}: too short: {frames} frames, and a segment has "
                f"{self.segmentation.length}.\nGive a longer recording."
            )

    def _blocks(self, recording: Recording, sample_rate: int) -> Iterator[Samples]:
        source, rate, clip = recording
        path = Path(source) if isinstance(source, str) else source
        return audio.blocks(path, sample_rate, rate_hz=rate, clip=clip)

    def _frame_blocks(self, recording: Recording) -> Iterator[Samples]:
        """Yield the frames (T, F) of a recording in blocks, if the extractor works on blocks."""
        extractor = self.extractor
        blocks = self._blocks(recording, extractor.sample_rate)
        if isinstance(extractor, Imported):
            if isinstance(recording.source, np.ndarray) or recording.clip:
                raise SerVaeError(
                    f"{recording}: this model takes frames that were computed elsewhere, not audio "
                    "or clips.\nGive a .npy file (T, F) for each utterance."
                )
            yield extractor.read(Path(recording.source))
            return
        try:
            if type(extractor) is not LogMel or extractor.trim_db is not None:
                yield extractor(np.concatenate(list(blocks)))
                return
            windows = Windows(extractor.window_length, extractor.shift_length)
            for block in blocks:
                if len(ready := windows.push(block)):
                    yield extractor(ready)
        except TooShortError as error:
            raise SerVaeError(f"{recording}: {error}") from error

    def _segment_blocks(self, recording: Recording) -> Iterator[Samples]:
        """Yield all frames (T, F) of a recording in blocks that end with whole segments."""
        length, hop = self.segmentation.length, self.segmentation.hop
        pending = np.empty((0, len(self.extractor.names)), np.float32)  # from the next segment on
        for block in self._frame_blocks(recording):
            # hold back the last segment, as the recording may end after it
            if (count := (len(pending) - length) // hop) > 0:
                yield pending[: length + (count - 1) * hop]
                pending = pending[count * hop :]
            pending = np.concatenate([pending, block])
        self._check_length(recording, len(pending))
        yield pending

    def _latents(
        self, encoder: Representation, recording: Recording, speaker: str | None
    ) -> Tensor:
        """Encode a recording without a label: mu (S, Z)."""
        latents = []
        for frames in self._segment_blocks(recording):
            segments = cut([frames], self.segmentation)
            self.normaliser.apply(segments.frames, speaker)
            latents.append(self._encode(encoder, segments))
        return torch.cat(latents)

    def _encode(self, encoder: Representation, segments: Segments) -> Tensor:
        c = uniform_condition(len(segments.count), len(self.emotions))
        return encode(encoder, segments, c, self.device)

    @property
    def model_name(self) -> str:
        """Name of the class of the model."""
        return self.components["model"].target.rpartition(".")[2]

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
            probability = self.policy.probabilities(self.trained(segments, speakers))
            return with_temperature(probability, self.temperature)
        return self.estimator.predict_proba(
            utterance_data(segments.frames_by_utterance(), speakers, whole)
        )

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

    def stream(self) -> Stream:
        """Recognise audio as it arrives, see `Stream`.

        Raises:
            SerVaeError: a part of this model needs the whole utterance.
        """
        return Stream(self)

    def illustrator(
        self, segments: Segments, speakers: Sequence[str], label: Tensor
    ) -> Illustrator | None:
        """Return an `Illustrator` of standardised utterances; label (U,) may hold -1.

        None if the extractor's frames are not a spectrogram, or the model has no trained decoder.
        """
        model, extractor = self.representation, self.extractor
        if model is None or not isinstance(extractor, Invertible) or not has_trained_decoder(model):
            return None
        scales = [self.normaliser.scale_of(speaker) for speaker in speakers]
        return Illustrator(
            model, extractor, segments, scales, label, len(self.emotions), self.device
        )

    def _with_fitted(self, speaker: str, segments: Segments, whole: Samples | None) -> "Recogniser":
        """Fit what estimators learn of a new speaker, on standardised utterances of theirs."""
        names = [speaker] * len(segments.count)
        estimator, classifiers = copy.deepcopy((self.estimator, dict(self.classifiers)))
        if estimator is not None:
            frames = segments.frames_by_utterance()
            estimator.add_speaker(speaker, utterance_data(frames, names, whole))
        for classifier in classifiers.values():
            if not isinstance(classifier.head, nn.Module):
                latents = segments.split(self._encode(classifier.encoder, segments))
                classifier.head.add_speaker(speaker, utterance_data(latents, names))
        return replace(self, estimator=estimator, classifiers=classifiers)

    def save(self, folder: Path) -> None:
        """Write the recogniser.

        recogniser.json holds `format`; `about` (corpus, protocol, audit word, scores, …);
        `software`; `emotions`, `label_policy`, `seed`; `features`, `model`, `classifier` (the class
        as `_target_`, and its settings); `segmentation` in frames; `normalise`; `training` (how
        latents are computed); `temperature`; and `checksums` (SHA-256 of the other files).
        """
        files = {WEIGHTS: save_tensors(self._tensors(), metadata={"format": "pt"})}
        if states := {name: each.state() for name, each in self._estimators().items()}:
            files[ESTIMATOR] = skops.io.dumps(states.get(ALL, states))
        for name, content in files.items():
            write_bytes(folder / name, content)
        training = {"fine_tuned": False, "sample": False, "batch_size": 1}
        for classifier in self.classifiers.values():  # all alike
            training = {name: getattr(classifier, name) for name in training}
        document = {
            "format": FORMAT,
            **self.about,
            "software": software(self.device),
            "emotions": list(self.emotions),
            "label_policy": self.policy.name,
            "seed": self.seed,
            **{k: each.model_dump(by_alias=True) for k, each in self.components.items()},
            "segmentation": vars(self.segmentation),
            "normalise": self.normaliser.policy,
            "training": training,
            "temperature": self.temperature,
            "checksums": {name: sha256(content) for name, content in files.items()},
        }
        write_text(folder / JSON, json.dumps(document, indent=1) + "\n")

    def _tensors(self) -> dict[str, Tensor]:
        scales = self.normaliser.scales.items()
        tensors = {f"normaliser/mean/{speaker}": scale.mean for speaker, scale in scales}
        tensors |= {f"normaliser/std/{speaker}": scale.std for speaker, scale in scales}
        for name, network in self._networks().items():
            tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def _networks(self) -> dict[str, nn.Module]:
        parts = {"estimator": self.estimator, "representation": self.representation}
        for condition, classifier in self.classifiers.items():
            parts[f"classifier-{condition}"] = classifier.head
            if classifier.fine_tuned:
                parts[f"encoder-{condition}"] = classifier.encoder
        return {name: part for name, part in parts.items() if isinstance(part, nn.Module)}

    def _estimators(self) -> dict[str, Any]:
        """Return what has a `state`: heads by condition, or one object for ALL."""
        if self.estimator is not None:
            return {ALL: self.estimator}
        heads = {name: classifier.head for name, classifier in self.classifiers.items()}
        return {name: head for name, head in heads.items() if not isinstance(head, nn.Module)}

    @classmethod
    def load(
        cls, path: str | Path, *, trust: Collection[str] = (), device: torch.device = CPU
    ) -> "Recogniser":
        """Load a recogniser from a run folder, from its `model/` or a copy of that, or the Hub.

        Nothing in the folder is executed: it names classes of this package, and values.

        Args:
            path: the folder; if there is none, `user/name` on the Hugging Face Hub.
            trust: dotted names of classes outside the package that it may use, such as your own
                model's; using one imports it.
            device: where to compute.

        Raises:
            SerVaeError: a file is missing or altered, or names a class that is not trusted.
        """
        folder = model_folder(path)
        with errors_of_json(folder):
            return cls._load(folder, trust, device)

    @classmethod
    def _load(cls, folder: Path, trust: Collection[str], device: torch.device) -> "Recogniser":
        document, files = read_model(folder)
        components = {
            name: checked_component(document[name], folder / JSON, trust)
            for name in COMPONENT_GROUPS
        }
        extractor: Extractor = build(components["features"])
        segmentation = Segmentation(**document["segmentation"])
        tensors = load_tensors(files[WEIGHTS])
        mean, std = (tensors_below(tensors, f"normaliser/{name}") for name in ("mean", "std"))
        scales = {speaker: Scale(mean[speaker], std[speaker]) for speaker in mean}
        # refuses all but NumPy arrays and scikit-learn's own classes
        state: Any = None
        if ESTIMATOR in files:
            state = skops.io.loads(files[ESTIMATOR], trusted=[])
        emotions, classes = tuple(document["emotions"]), len(document["emotions"])
        network = build_model(components["model"], extractor, segmentation, classes)
        policy = POLICIES[document["label_policy"]]
        of_utterances = network.level == "utterance"
        classifiers: dict[Condition, LatentClassifier] = {}
        for condition in () if of_utterances else policy.classifiers:
            encoder = Marginal(network, classes) if condition == "every" else network
            classifiers[condition] = LatentClassifier(
                copy.deepcopy(encoder) if document["training"]["fine_tuned"] else encoder,
                build(
                    components["classifier"], input_size=network.latent_size, num_classes=classes
                ),
                seed=document["seed"],
                device=device,
                **document["training"],
            )
        recogniser = cls(
            extractor=extractor,
            segmentation=segmentation,
            normaliser=Normaliser(document["normalise"], scales),
            emotions=emotions,
            seed=document["seed"],
            policy=policy,
            representation=None if of_utterances else network,
            classifiers=classifiers,
            estimator=network if of_utterances else None,
            components=components,
            about=document,
            temperature=float(document.get("temperature", 1.0)),
            device=device,
        )
        for name, part in recogniser._networks().items():
            part.load_state_dict(tensors_below(tensors, name))
        for name, part in recogniser._estimators().items():
            part.load_state(state if name == ALL else state[name])
        return recogniser


def software(device: torch.device) -> dict[str, str]:
    """List the versions and the device of a run; others may change the last digits of results."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
    }


def build_model(
    model: Component, extractor: Extractor, segmentation: Segmentation, classes: int
) -> Any:
    """Build a representation or an utterance-level model as initialised."""
    columns = len(extractor.names)
    sizes = {"input_size": segmentation.length * columns, "num_classes": classes}
    parameters = inspect.signature(load(model.target)).parameters
    if model.target in COMPONENTS and "columns" in parameters:
        sizes["columns"] = columns
    return build(model, **sizes)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def find_model(path: Path) -> Path | None:
    """Return the folder of the model in a run's folder, its `model/` or a copy; None if none is."""
    return next((folder for folder in (path / "model", path) if (folder / JSON).is_file()), None)


def model_folder(path: str | Path) -> Path:
    """Return the folder of a model; `path` is this folder, its run folder or an id on the Hub."""
    if not Path(path).exists() and HUB_ID.fullmatch(str(path)):
        path = download(str(path))
    if folder := find_model(Path(path)):
        return folder
    raise SerVaeError(
        f"{path}: expected a run folder or its model/, but it has no {JSON}.\n"
        "Give the folder of a finished run, such as runs/random/vae-complete-demo-seed0-0123abcd."
    )


def download(hub_id: str) -> str:
    """Fetch the files of a model on the Hugging Face Hub, unless they are in its cache.

    Raises:
        SerVaeError: there is no such model, or no network.
    """
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  (an extra)

        return snapshot_download(hub_id, allow_patterns=[JSON, WEIGHTS, ESTIMATOR])
    except (ModuleNotFoundError, OSError, ValueError) as error:  # ValueError: no name on the Hub
        raise SerVaeError(
            f"{hub_id}: there is no such folder here, and it cannot be downloaded from the Hugging "
            f"Face Hub: {str(error).splitlines()[0]}.\nThe Hub needs pip install 'ser_vae[share]'."
        ) from error


@contextmanager
def errors_of_json(folder: Path) -> Iterator[None]:
    """Turn the errors of a malformed or inconsistent recogniser.json into one that names it."""
    try:
        yield
    except OSError as error:
        raise SerVaeError(
            f"{error.filename or folder / JSON}: {error.strerror}.\nCopy the whole folder."
        ) from error
    except MALFORMED as error:
        raise SerVaeError(
            f"{folder / JSON}: malformed, or inconsistent with the other files: "
            f"{type(error).__name__}: {str(error).partition(chr(10))[0]}.\n"
            "Copy the whole folder again, or repeat the run with force=true."
        ) from error


def read_model(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read recogniser.json and the other files, of which a missing or altered one is an error."""
    with errors_of_json(folder):
        document: dict[str, Any] = json.loads((folder / JSON).read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise SerVaeError(
                f"{folder / JSON}: format {document['format']}, expected {FORMAT}.\n"
                "Load it with the version of ser_vae that wrote it, or train it again."
            )
        names = [name for name in (WEIGHTS, ESTIMATOR) if name in document["checksums"]]
        files = {name: (folder / name).read_bytes() for name in names}
    for name, content in files.items():
        if sha256(content) != document["checksums"][name]:
            raise SerVaeError(
                f"{folder / name}: altered or damaged: its checksum is not the one in {JSON}.\n"
                "Copy the folder again from where it was trained."
            )
    return document, files


def checked_component(values: Mapping[str, Any], file: Path, trust: Collection[str]) -> Component:
    """Read a class and its settings; refuse a class that is neither built in nor trusted."""
    for target in find_targets(values):
        if target not in COMPONENTS and target not in trust:
            raise SerVaeError(
                f"{file} names a class outside ser_vae: {target}.\n"
                f"Loading it runs that code. If you trust it: --trust {target}, in Python "
                f"trust=[{target!r}]."
            )
    return parse_component(values)


def tensors_below(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Select the tensors whose names begin with `name`/, which is removed."""
    prefix = f"{name}/"
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
