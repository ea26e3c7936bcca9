"""Recognise audio as it arrives: an emotion after each segment, in constant memory.

    stream = ser_vae.load("runs/random/vae-complete-demo-seed0-0123abcd").stream()
    for block in blocks:  # (N,) samples in ±1, of any size
        for prediction in stream.push(block, 16_000):
            print(prediction.time_s, prediction.emotion)
    stream.finish()

Each prediction is what the recogniser gives for a recording that ends there. Between blocks, only
the few samples that the next segment needs and the state of the LSTM are kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.classifier.lstm import LSTMClassifier
from ser_vae.data.segment import Segmentation, cut
from ser_vae.features.audio import BlockResampler, Samples, rounded_rate
from ser_vae.features.extractor import Extractor
from ser_vae.features.logmel import LogMel
from ser_vae.features.normalise import Normaliser
from ser_vae.training.label_policy import USES_BOUNDS, Condition, LabelPolicy
from ser_vae.training.predict import LatentClassifier, prepare, uniform_condition

CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The emotion of a recording.

    Attributes:
        emotion: the most probable one.
        probabilities: emotion -> probability, in the order of the classes.
    """

    emotion: str
    probabilities: dict[str, float]

    @classmethod
    def of(cls, emotions: Sequence[str], row: Sequence[float], **attributes: float) -> Self:
        """Name probabilities (K,)."""
        probabilities = dict(zip(emotions, row, strict=True))
        return cls(emotion=emotions[row.index(max(row))], probabilities=probabilities, **attributes)


@dataclass(frozen=True, kw_only=True)
class TimedPrediction(Prediction):
    """The emotion of the audio from the start of a stream to `time_s`.

    Attributes:
        time_s: end of the last segment, in s of audio.
    """

    time_s: float


@dataclass(frozen=True, kw_only=True)
class SegmentPipeline:
    """The parts of a `Recogniser` from waveform to probabilities, for streaming and export.

    Attributes:
        extractor: waveform -> frames (T, F).
        segmentation: frames -> segments.
        normaliser: with its fitted statistics.
        emotions: the K classes.
        policy: what stands in for the label.
        classifiers: those that `policy` needs, by the condition they learned under; none for an
            utterance-level model.
        temperature: by which log-probabilities are divided, so that probabilities are calibrated.
        device: where to compute.
    """

    extractor: Extractor
    segmentation: Segmentation
    normaliser: Normaliser
    emotions: tuple[str, ...]
    policy: LabelPolicy
    classifiers: Mapping[Condition, LatentClassifier]
    temperature: float = 1.0
    device: torch.device = CPU

    def obstacle(self, *, causal: bool) -> str | None:
        """Return which part, if any, cannot be streamed (`causal`) or exported, and why."""
        return next(self._obstacles(causal), None)

    def _obstacles(self, causal: bool) -> Iterator[str]:
        policy, extractor = self.policy.name, self.extractor
        if policy in USES_BOUNDS:
            yield f"label_policy={policy}: the bounds are estimated with random draws"
        if policy == "random":
            yield "label_policy=random: a control, whose label is drawn at random"
        if not self.classifiers:
            yield "the model is utterance-level: it has no sequence of latents"
        if type(extractor) is not LogMel:
            yield f"features are {type(extractor).__name__}: only LogMel is supported"
        elif extractor.trim_db is not None:
            yield (
                f"features.trim_db={extractor.trim_db:g}: where to cut depends on the loudest "
                "frame of the whole recording"
            )
        if self.normaliser.grouped:
            policy = self.normaliser.policy
            yield f"normalise={policy}: it needs statistics over all recordings of the {policy}"
        for classifier in self.classifiers.values():
            head = classifier.head
            if classifier.sample:
                yield "training.latent=sample: latents are drawn at random"
            if not isinstance(head, torch.nn.Module):
                yield "classifier=functionals: a scikit-learn estimator of the whole utterance"
            elif not causal:
                continue
            elif not isinstance(head, LSTMClassifier):
                yield f"the classifier is {type(head).__name__}: only LSTMClassifier is supported"
            elif head.lstm.bidirectional:
                yield "classifier.bidirectional=true: one direction starts at the end"


class Stream:
    """Recognises one utterance after another from blocks of samples; see `push` and `finish`.

    Raises:
        SerVaeError: a part of the recogniser needs the whole utterance.
    """

    def __init__(self, pipeline: SegmentPipeline) -> None:
        if reason := pipeline.obstacle(causal=True):
            raise SerVaeError(
                f"This model cannot be streamed. {reason}.\nUse predict on whole recordings."
            )
        assert isinstance(pipeline.extractor, LogMel)
        self.pipeline, self.extractor = pipeline, pipeline.extractor
        self._start()

    def _start(self) -> None:
        """Forget everything: the next sample is the first of an utterance."""
        pipeline, shift = self.pipeline, self.extractor.shift_length
        self.rate: int | None = None
        self.resampler: BlockResampler | None = None
        gap = self.extractor.window_length - shift  # a segment is `gap` longer than its shifts
        length, hop = pipeline.segmentation.length, pipeline.segmentation.hop
        self.samples = Windows(length * shift + gap, hop * shift)
        self.sample_count = self.segment_count = 0
        classes = len(pipeline.emotions)
        unknown, labels = uniform_condition(1, classes), torch.eye(classes)
        self.classifiers = {
            condition: CausalClassifier(
                classifier, labels if condition == "label" else unknown, pipeline.device
            )
            for condition, classifier in pipeline.classifiers.items()
        }

    def push(self, samples: Samples, rate: int) -> list[TimedPrediction]:
        """Take the next block of samples in ±1, (N,); return the predictions that are new.

        Audio of another rate than the model's is resampled, which delays it by some samples.

        Raises:
            SerVaeError: the samples are not one channel of finite floats, or the rate has changed.
        """
        floating = np.issubdtype(samples.dtype, np.floating)
        if samples.ndim != 1 or not floating or not np.isfinite(samples).all():
            raise SerVaeError(
                f"samples: {samples.dtype}, shape {samples.shape}; expected finite float samples "
                "in ±1 of one channel, (N,).\n"
                "Average the channels; divide 16-bit integers by 32768."
            )
        self._set_rate(rate)
        block = samples.astype(np.float32)
        if self.resampler:
            block = self.resampler.push(block, self.samples.missing)
        return self._advance(block)

    def finish(self) -> list[TimedPrediction]:
        """End the utterance and return its last predictions; the next `push` begins another one.

        There are some if the resampler still had samples to return, or if remainder=pad completes
        a last segment.
        """
        predictions = self._advance(self.resampler.finish()) if self.resampler else []
        segmentation, count = self.pipeline.segmentation, self._frame_count
        covered = segmentation.length + (self.segment_count - 1) * segmentation.hop
        if segmentation.frames_kept(count) > max(covered, 0):
            frames = self.extractor(self.samples.kept)
            predictions += self._classify(cut([frames], segmentation).frames)
        self._start()
        return predictions

    @property
    def _frame_count(self) -> int:
        beyond = self.sample_count - self.extractor.window_length
        return max(0, beyond // self.extractor.shift_length + 1)

    def _set_rate(self, rate: int) -> None:
        """Choose the resampler at the first block."""
        if self.rate is None:
            source, self.rate = rounded_rate(rate), rate
            if source != self.extractor.sample_rate:
                self.resampler = BlockResampler(source, self.extractor.sample_rate)
        if rate != self.rate:
            raise SerVaeError(
                f"sample rate of {rate} Hz after blocks of {self.rate} Hz.\n"
                "Call finish() before audio of another rate."
            )

    def _advance(self, samples: Samples) -> list[TimedPrediction]:
        """Predict after each segment that samples (N,) at the model's rate complete."""
        self.sample_count += len(samples)
        ready = self.samples.push(samples)
        return self._classify(torch.from_numpy(self.extractor(ready))) if len(ready) else []

    @torch.inference_mode()
    def _classify(self, frames: Tensor) -> list[TimedPrediction]:
        """Predict after each of the segments that frames (T, F) are cut into."""
        segmentation, emotions = self.pipeline.segmentation, self.pipeline.emotions
        frames = self.pipeline.normaliser.apply(frames, None)
        windows = frames.unfold(0, segmentation.length, segmentation.hop)  # (S, F, length)
        segments = windows.transpose(1, 2).flatten(1).to(self.pipeline.device)
        predictions = []
        logits = self._logits(segments).cpu().double() / self.pipeline.temperature
        for row in logits.softmax(dim=-1).tolist():
            end = self.segment_count * segmentation.hop + segmentation.length
            frame = min(end, self._frame_count) - 1
            end_sample = frame * self.extractor.shift_length + self.extractor.window_length
            time_s = end_sample / self.extractor.sample_rate
            predictions.append(TimedPrediction.of(emotions, row, time_s=time_s))
            self.segment_count += 1
        return predictions

    def _logits(self, segments: Tensor) -> Tensor:
        """Apply the label policy: segments (S, D) -> logits (S, K)."""
        main = self.classifiers[self.pipeline.policy.condition](segments)
        if "label" not in self.classifiers:
            return main[0]
        first = self.classifiers["none"](segments)[0].argmax(dim=-1)  # policy "predicted"
        return main[first, torch.arange(len(first), device=first.device)]


class CausalClassifier:
    """An encoder and its LSTM, advanced segment by segment under several conditions at once.

    Args:
        classifier: with an `LSTMClassifier` of one direction.
        condition: (C, K); policy `predicted` advances one LSTM under each label, as the label of
            the first pass may change, and the past would then have to be encoded again.
        device: where to compute.
    """

    def __init__(
        self, classifier: LatentClassifier, condition: Tensor, device: torch.device
    ) -> None:
        assert isinstance(classifier.head, LSTMClassifier)
        self.encoder, self.head = classifier.encoder, classifier.head
        for network in (self.encoder, self.head):
            prepare(network, device)
        self.condition = condition.to(device)
        self.state: tuple[Tensor, Tensor] | None = None
        self.total: Tensor | float = 0.0  # of the LSTM's outputs, for pooling by their mean
        self.count = 0

    def __call__(self, segments: Tensor) -> Tensor:
        """Return the logits after each segment: (S, D) -> (C, S, K)."""
        conditions, steps = len(self.condition), len(segments)
        x = segments.repeat(conditions, 1)
        c = self.condition.repeat_interleave(steps, dim=0)
        z = self.encoder.feature(x, c, sample=False).reshape(conditions, steps, -1)
        outputs, self.state = self.head.lstm(self.head.scaled(z), self.state)
        if self.head.pooling == "mean":
            totals = self.total + outputs.cpu().double().cumsum(dim=1)
            counts = self.count + torch.arange(1, steps + 1)
            self.total, self.count = totals[:, -1:], self.count + steps
            outputs = (totals / counts[:, None]).float().to(outputs.device)
        return self.head.dense(outputs)


class Windows:
    """Cuts samples that arrive in blocks into windows of `length`, one every `hop` samples.

    Attributes:
        kept: samples from the start of the next window on.
    """

    def __init__(self, length: int, hop: int) -> None:
        self.length, self.hop = length, hop
        self.kept = np.zeros(0, np.float32)
        self.skip = 0  # samples before the next window, if the hop is above the length

    @property
    def missing(self) -> int:
        """Number of samples that complete the next window."""
        return self.skip + self.length - len(self.kept)

    def push(self, samples: Samples) -> Samples:
        """Add samples (N,); return those that the complete windows cover, perhaps none."""
        self.kept = np.concatenate([self.kept, samples[self.skip :]])
        self.skip = max(0, self.skip - len(samples))
        count = (len(self.kept) - self.length) // self.hop + 1
        if count < 1:
            return self.kept[:0]
        covered = self.kept[: self.length + (count - 1) * self.hop]
        self.skip = max(0, count * self.hop - len(self.kept))
        self.kept = self.kept[count * self.hop :].copy()
        return covered
