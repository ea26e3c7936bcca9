"""Write a trained model for use elsewhere: as one ONNX graph, or as a copy of its folder.

    python -m ser_vae.export MODEL emotion.onnx --format onnx
    python -m ser_vae.export MODEL FOLDER --format folder

The graph needs no ser_vae: its input `waveform` is (batch, samples), float32 in ±1 at the sample
rate that its metadata names, and its output `probabilities` is (batch, emotions). Log-mel,
normalisation, encoder, classifier and pooling are inside. The recordings of a batch are equally
long: padding would count as speech. Exits with 1 if the model cannot be exported.
"""

import argparse
import copy
import json
import math
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_vae import SerVaeError, __version__
from ser_vae.features.logmel import LogMel
from ser_vae.files import write_bytes
from ser_vae.recogniser import JSON, Recogniser, model_folder, read_model
from ser_vae.stream import SegmentPipeline
from ser_vae.terminal import import_extra, model_parser, run_command
from ser_vae.training.label_policy import Condition
from ser_vae.training.predict import one_hot_condition, uniform_condition

OPSET = 17
TOLERANCE = 1e-4  # largest difference of a probability from PyTorch's
CHECKED_S = (0.5, 2.3)  # durations of the noise on which the exported graph is compared


def main(arguments: Sequence[str] | None = None) -> int:
    parser = model_parser("export", __doc__, "a run folder, its model/, or a Hub id")
    parser.add_argument("out", type=Path, metavar="OUT", help="the file or folder to write")
    parser.add_argument("--format", choices=("onnx", "folder"), required=True)
    return run_command(parser, export, arguments)


def export(options: argparse.Namespace) -> None:
    if options.format == "folder":
        export_folder(options.model, options.out)
    else:
        export_onnx(Recogniser.load(options.model, trust=options.trust), options.out)
    print(f"written: {options.out}")


def export_folder(model: str | Path, out: Path) -> None:
    """Check the checksums of a model's files, and copy the files.

    Raises:
        SerVaeError: a file is missing or altered.
    """
    folder = model_folder(model)
    _, files = read_model(folder)
    for name, content in {**files, JSON: (folder / JSON).read_bytes()}.items():
        write_bytes(out / name, content)


def export_onnx(recogniser: Recogniser, out: Path) -> None:
    """Write a recogniser as an ONNX graph, and compare the graph with it.

    Raises:
        SerVaeError: the model cannot be expressed in ONNX, or the graph gives other probabilities.
    """
    onnx = import_extra("onnx", "export")
    if reason := recogniser.obstacle(causal=False):
        raise refusal(reason)
    graph = Graph(recogniser)
    model = onnx.load_from_string(trace(graph))
    properties = {
        "emotions": json.dumps(recogniser.emotions, ensure_ascii=False),
        "sample_rate": str(recogniser.extractor.sample_rate),
        "label_policy": recogniser.policy.name,
        "shortest_samples": str(graph.shortest),
        "ser_vae": __version__,
    }
    onnx.helper.set_model_props(model, properties)
    content: bytes = model.SerializeToString()
    check(recogniser, graph.shortest, content)
    write_bytes(out, content)


def trace(graph: "Graph") -> bytes:
    """Trace a graph for any batch size and number of samples.

    The exporter is the older one: the newer one stops at an LSTM whose length is a quotient.
    """
    axes = {"waveform": {0: "batch", 1: "samples"}, "probabilities": {0: "batch"}}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "traced.onnx"
        warnings.simplefilter("ignore")  # that the exporter is old, and that checks are not traced
        try:
            torch.onnx.export(
                graph,
                (torch.zeros(2, graph.rate),),
                path,
                dynamo=False,
                opset_version=OPSET,
                input_names=["waveform"],
                output_names=["probabilities"],
                dynamic_axes=axes,
            )
        except torch.onnx.errors.OnnxExporterError as error:
            raise refusal(str(error).splitlines()[0].rstrip(".")) from error
        return path.read_bytes()


def check(recogniser: Recogniser, shortest: int, content: bytes) -> None:
    """Raise unless onnxruntime computes what `recogniser` does, on noise of two lengths."""
    onnxruntime = import_extra("onnxruntime", "export")
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    rate, generator = recogniser.extractor.sample_rate, np.random.default_rng(0)
    for duration_s in CHECKED_S:
        samples = max(shortest, round(duration_s * rate))
        waveforms = 0.1 * generator.standard_normal((3, samples), dtype=np.float32)
        predictions = [recogniser.predict(waveform, rate) for waveform in waveforms]
        expected = [list(prediction.probabilities.values()) for prediction in predictions]
        (computed,) = session.run(None, {"waveform": waveforms})
        if not np.allclose(computed, expected, rtol=0, atol=TOLERANCE):
            raise refusal(f"the graph gives other probabilities for {duration_s} s of noise")


def refusal(reason: str) -> SerVaeError:
    return SerVaeError(
        f"This model cannot be exported to ONNX: {reason}.\n"
        "Use --format folder, which needs ser_vae."
    )


class Graph(nn.Module):
    """Waveforms (B, N) -> probabilities (B, K), of operations that have a counterpart in ONNX.

    Attributes:
        rate: sample rate in Hz.
        shortest: minimum number of samples, for one segment.
    """

    def __init__(self, pipeline: SegmentPipeline) -> None:
        super().__init__()
        extractor, scale = pipeline.extractor, pipeline.normaliser.scale_of(None)
        assert isinstance(extractor, LogMel)
        self.segmentation, self.policy = pipeline.segmentation, pipeline.policy
        self.rate, self.shift = extractor.sample_rate, extractor.shift_length
        self.floor, self.classes = extractor.floor, len(pipeline.emotions)
        self.temperature = pipeline.temperature
        frames = 1 if self.segmentation.remainder == "pad" else self.segmentation.length
        self.shortest = (frames - 1) * self.shift + extractor.window_length
        self.basis, self.filters = fourier_basis(extractor), extractor.filters
        self.mean, self.std = scale.mean, scale.std
        classifiers: Any = copy.deepcopy(dict(pipeline.classifiers))
        self.encoders = nn.ModuleDict({name: c.encoder for name, c in classifiers.items()})
        self.heads = nn.ModuleDict({name: c.head for name, c in classifiers.items()})
        self.cpu().float().eval()

    def forward(self, waveform: Tensor) -> Tensor:
        """Return the probabilities (B, K) of recordings (B, N)."""
        segments = self.cut(self.frames(waveform))
        condition = uniform_condition(1, self.classes).expand(waveform.shape[0], -1)
        for name in self.policy.classifiers:  # of policy "predicted": none, then label
            logits = self.logits(name, segments, condition)
            condition = one_hot_condition(logits.argmax(dim=-1), self.classes)
        return (logits / self.temperature).softmax(dim=-1)

    def frames(self, waveform: Tensor) -> Tensor:
        """Compute standardised log-mel frames: (B, N) -> (B, T, F)."""
        spectrum = functional.conv1d(waveform[:, None], self.basis, stride=self.shift)
        real, imaginary = spectrum.chunk(2, dim=1)
        power = (real.square() + imaginary.square()).transpose(1, 2)
        log_mel = (power @ self.filters + self.floor).log()
        return (log_mel - self.mean) / self.std

    def cut(self, frames: Tensor) -> Tensor:
        """Cut segments as `data.segment.cut` does: (B, T, F) -> (B, S, D)."""
        available, length, hop = frames.shape[1], self.segmentation.length, self.segmentation.hop
        starts = torch.arange(0, available, hop)
        if self.segmentation.remainder == "pad":  # until the frames are covered
            starts = starts[(starts == 0) | (starts + length < available + hop)]
        else:
            starts = starts[starts + length <= available]
        index = (starts[:, None] + torch.arange(length)).clamp(max=available - 1)
        return frames[:, index].flatten(2)

    def logits(self, name: Condition, segments: Tensor, condition: Tensor) -> Tensor:
        """Classify segments (B, S, D) under a condition (B, K): (B, K)."""
        encoder: Any = self.encoders[name]
        batch, steps = segments.shape[:2]
        c = condition[:, None].expand(-1, steps, -1)
        z = encoder.feature(segments.flatten(0, 1), c.flatten(0, 1), sample=False)
        logits: Tensor = self.heads[name](z.reshape(batch, steps, -1), torch.full((batch,), steps))
        return logits


def fourier_basis(extractor: LogMel) -> Tensor:
    """Return the windowed cosines, then the windowed sines: (2 * bins, 1, window), float32.

    A strided convolution with it is the Fourier transform of the frames.
    """
    length, size = extractor.window_length, extractor.fft_size
    turns = torch.outer(torch.arange(size // 2 + 1), torch.arange(length)) % size  # of 1 / size
    angles = 2 * math.pi * turns.double() / size
    window = torch.hamming_window(length, periodic=True, dtype=torch.float64)
    return (torch.cat([angles.cos(), angles.sin()]) * window)[:, None].float()


if __name__ == "__main__":
    sys.exit(main())
