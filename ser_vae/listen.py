"""Listen to the reconstructions, traversals and prior samples of a run's representation.

    python -m ser_vae.listen runs/random/cvae-complete-demo-seed0-0123abcd
    python -m ser_vae.listen MODEL speech.wav more.wav

Writes WAV files, PNG files and an index.html: the recording, the model's input inverted by
Griffin-Lim, its reconstruction, traversals of the most informative latent dimensions, for a CVAE
reconstructions under the other labels, and samples from the prior. All have the same loudness, and
the page shows the classifier's probabilities. Needs the audio, but neither the corpus nor its
features. Exits with 1 if the model has no decoder.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from jinja2 import Environment, FileSystemLoader
from torch import Tensor

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.data.segment import join_segments
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.features import audio
from ser_vae.features.audio import Samples
from ser_vae.files import write_bytes, write_text
from ser_vae.inputs import Input
from ser_vae.plots.spectrogram import Limits, limits, utterances
from ser_vae.plots.style import png_bytes
from ser_vae.recogniser import Recogniser, Recording
from ser_vae.run_folder import RunFolder
from ser_vae.terminal import model_parser, run_command, track
from ser_vae.training.illustrate import Illustrator

Frames = npt.NDArray[np.float32]  # (T, F), natural log of mel power

MOVES = (-2.0, 2.0)  # standard deviations over the segments of the files
PRIOR_SEGMENTS = 20  # per sample: 2 s of segments of 100 ms
DPI = 110
WIDTH_IN = 5.0  # of a picture
LOUDNESS = 0.1  # root mean square that every clip is scaled to, of full scale: -20 dB
PEAK = 0.98  # of full scale; a clip that would exceed it is scaled to it instead
PRIOR_NOTE = (
    "The segments are drawn independently, as the model does not order them in time. They are not "
    "speech, but show which segments the model considers typical of speech."
)


@dataclass(frozen=True)
class Clip:
    """One sound.

    Attributes:
        name: a short name, for files.
        caption: a description in a few words.
        frames: the log-mel spectrogram; for a recording, of the model's extractor.
        waveform: the samples; None to invert `frames` by Griffin-Lim.
        probabilities: of the classifier, by emotion; empty for samples from the prior.
    """

    name: str
    caption: str
    frames: Frames
    waveform: Samples | None
    probabilities: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = model_parser("listen", __doc__, "a run folder, or its model/")
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="your recordings")
    parser.add_argument(
        "--utterance", action="append", metavar="ID", help="of the test set; repeatable"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="default: listen/ in MODEL")
    parser.add_argument(
        "--dimensions", type=int, default=1, metavar="N", help="latent dimensions to move: 1"
    )
    parser.add_argument("--seed", type=int, default=0, help="for phases and prior (default: 0)")
    parser.add_argument("--speaker", metavar="NAME", help="of the files (normalise=speaker)")
    return run_command(parser, listen, arguments)


def listen(options: argparse.Namespace) -> None:
    """Write all clips and the page, and print a line for each clip.

    Raises:
        SerVaeError: the model has no decoder.
        OSError: the folder cannot be written to.
    """
    model = Path(options.model)
    recogniser = Recogniser.load(model, trust=options.trust)
    items = [Input(path.name, Recording(path), speaker=options.speaker) for path in options.files]
    if options.utterance or not items:
        items += find_test_utterances(RunFolder(model), options.utterance or [])
    maker = ClipMaker.of(recogniser, items)
    colour_limits = limits(map(maker.illustrator.input, range(len(items))))
    folder = options.out or (model if model.is_dir() else Path()) / "listen"  # of a name on the Hub
    folder.mkdir(parents=True, exist_ok=True)
    sections: dict[str, dict[str, Any]] = {}
    for title, note, clips in track(
        maker.sections(options.dimensions, options.seed), "listening", len(items) + 1
    ):
        print(title)
        prefix = file_stem(title)
        if prefix in sections:  # as of files in two folders
            prefix += f"-{len(sections)}"
        named = {f"{prefix}-{file_stem(clip.name)}": clip for clip in clips}
        for name, clip in named.items():
            write_clip(clip, folder / name, maker, colour_limits, options.seed)
            print(f"  {name}.wav: {clip.caption}", flush=True)
        sections[prefix] = {"title": title, "note": note, "clips": named}
    about = recogniser.about
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    page = templates.get_template("listen.jinja").render(
        title=model.resolve().name,
        about=about,
        policy=recogniser.policy.name,
        sections=sections.values(),
        synthetic=SYNTHETIC.capitalize() if about["synthetic"] else "",
    )
    write_text(folder / "index.html", page)
    print(f"written: {folder / 'index.html'}")


def find_test_utterances(folder: RunFolder, wanted: Sequence[str]) -> list[Input]:
    """Find utterances of a run's test set and their audio; by default one of each emotion.

    Raises:
        SerVaeError: there is no such utterance.
    """
    if not folder.latents.exists():
        raise SerVaeError(
            f"{folder.path}: no run folder with latents.npz, so no test utterances are known.\n"
            "Give recordings: python -m ser_vae.listen MODEL FILE…"
        )
    known = Latents.read(folder.latents)
    items, recordings = [], known.recordings()
    for name in wanted or Illustrations.read(folder.illustrations).utterance:
        if name not in known.utterance:
            raise SerVaeError(
                f"--utterance {name}: not in the test set of {len(known.utterance):,}, such as "
                f"{', '.join(known.utterance[:3])}."
            )
        row, (file, clip) = known.utterance.index(name), recordings[name]
        recording, emotion = Recording(Path(file), clip=clip), known.emotion[row]
        items.append(Input(f"{emotion}: {name}", recording, known.speaker[row], emotion))
    return items


@dataclass(frozen=True)
class ClipMaker:
    """The clips of some recordings, decoded by a recogniser's representation."""

    recogniser: Recogniser
    items: list[Input]
    illustrator: Illustrator

    @classmethod
    def of(cls, recogniser: Recogniser, items: Sequence[Input]) -> "ClipMaker":
        """Read and standardise the recordings.

        Raises:
            SerVaeError: the model decodes no spectrograms.
        """
        emotions = recogniser.emotions
        label = torch.tensor([emotions.index(i.truth) if i.truth else -1 for i in items])
        speakers = [item.speaker or "" for item in items]
        recordings = [item.recording for item in items]
        known, segments, _ = recogniser.standardised(recordings, speakers)
        illustrator = known.illustrator(segments, speakers, label)
        if illustrator is None:
            raise SerVaeError(
                f"{recogniser.model_name} on {type(recogniser.extractor).__name__}: this model "
                "does not turn latents into a spectrogram, so there is nothing to hear.\n"
                "Give a run of model=ae, model=vae or model=cvae on log-mel features."
            )
        return cls(known, list(items), illustrator)

    def sections(self, dimensions: int, seed: int) -> Iterator[tuple[str, str, list[Clip]]]:
        """Yield title, note and clips: a section per recording, and one of samples of the prior."""
        steps: dict[int, float] = {}  # a single segment has no standard deviation to move by
        if len(self.illustrator.segments) > 1:
            ranked, z = self.illustrator.ranked_dimensions(dimensions)
            steps = {d: float(z[:, d].std()) for d in ranked}
        for index, item in enumerate(self.items):
            speaker = f"Speaker {item.speaker}. " if item.speaker else ""
            yield item.name, speaker, self.recording_clips(index, steps)
        if clips := list(self.prior_clips(seed)):
            yield "Samples from the prior", PRIOR_NOTE, clips

    def recording_clips(self, index: int, steps: Mapping[int, float]) -> list[Clip]:
        """Make clips of the recording, of the model's input and of what it decodes.

        `steps` has the standard deviation of each latent dimension that is moved.
        """
        illustrator = self.illustrator
        z, condition = illustrator.encode(index), illustrator.condition(index)
        reconstruction = illustrator.decode(z, condition)
        clips = [
            self.clip(index, "input", "what the model gets", illustrator.rows(index)),
            self.clip(index, "reconstruction", "encoded and decoded", reconstruction),
        ]
        for dimension, std in steps.items():
            moved = illustrator.traverse(z, condition, dimension, torch.tensor(MOVES) * std)
            for size, rows in zip(MOVES, moved, strict=True):
                name = f"z{dimension}-{'plus' if size > 0 else 'minus'}"
                caption = f"dimension {dimension} moved by {size:+g} sd in every segment"
                clips.append(self.clip(index, name, caption.replace("-", "−"), rows))
        for emotion, label in zip(self.recogniser.emotions, illustrator.labels, strict=True):
            if illustrator.model.conditional and not torch.equal(label, condition):
                caption, rows = f"decoded under the label {emotion}", illustrator.decode(z, label)
                clips.append(self.clip(index, f"as-{emotion}", caption, rows))
        return [self.recording(index, clips[0].probabilities), *clips]

    def recording(self, index: int, probabilities: dict[str, float]) -> Clip:
        """Read a recording; `probabilities` are those of the model's input."""
        source, _, clip = self.items[index].recording
        extractor = self.illustrator.extractor
        waveform = audio.read(Path(str(source)), extractor.sample_rate, clip)
        frames = extractor(waveform)[:, : extractor.spectrogram_bands]
        return Clip("recording", "the recording", frames, waveform, probabilities)

    def clip(self, index: int, name: str, caption: str, rows: Tensor) -> Clip:
        """Make a clip of decoded segments (S, D) of a recording, and classify it."""
        segments = self.illustrator.segments_of(index)
        joined = join_segments(rows.cpu(), segments.start, segments.length)
        decoded = replace(segments, frames=joined, start=segments.start - segments.start[0])
        row = self.recogniser.classify(decoded, [self.items[index].speaker or ""])[0]
        probabilities = dict(zip(self.recogniser.emotions, row.tolist(), strict=True))
        return Clip(name, caption, self.illustrator.frames(index, rows), None, probabilities)

    def prior_clips(self, seed: int) -> Iterator[Clip]:
        """Yield segments from z ~ N(0, I), one after another; none for an AE, without a prior."""
        conditional = self.illustrator.model.conditional
        for k, segments in enumerate(self.illustrator.prior(PRIOR_SEGMENTS, seed)):
            emotion = self.recogniser.emotions[k] if conditional else ""
            suffix = f" under the label {emotion}" if emotion else ""
            caption = f"{PRIOR_SEGMENTS} segments drawn from the prior{suffix}"
            frames = segments.reshape(-1, segments.shape[-1])
            yield Clip(emotion or "segments", caption, frames, None, {})


def file_stem(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text).strip("-")


def write_clip(clip: Clip, path: Path, maker: ClipMaker, colour_limits: Limits, seed: int) -> None:
    """Write the WAV and the PNG of a clip; `path` has no suffix yet."""
    extractor = maker.illustrator.extractor
    waveform = extractor.invert(clip.frames, seed) if clip.waveform is None else clip.waveform
    wav, samples = path.with_name(f"{path.name}.wav"), scale_loudness(waveform)
    content = io.BytesIO()
    soundfile.write(content, samples, extractor.sample_rate, format="WAV", subtype="PCM_16")
    write_bytes(wav, content.getvalue())
    synthetic = ", SYNTHETIC SPEECH" if maker.recogniser.about["synthetic"] else ""
    figure = utterances(
        [""],
        [""],
        [[clip.frames]],
        frame_shift_s=extractor.frame_shift_s,
        title=clip.caption + synthetic,
        width_in=WIDTH_IN,
        colour_limits=colour_limits,
    )
    write_bytes(wav.with_suffix(".png"), png_bytes(figure, DPI))


def scale_loudness(waveform: Samples) -> Samples:
    """Scale to the common root mean square, or to the peak if that would be exceeded."""
    rms, peak = (float(value) for value in (np.sqrt(np.mean(waveform**2)), np.abs(waveform).max()))
    gain = min(LOUDNESS / max(rms, audio.SILENT), PEAK / max(peak, audio.SILENT))
    return (gain * waveform).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
