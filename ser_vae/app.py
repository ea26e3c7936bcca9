"""Show a model's predictions for a recording in a browser: `python -m ser_vae.app MODEL`.

The page takes a file or records one. It shows the probability of each emotion, its course over time
above the log-mel spectrogram, and where the mean latent lies among those of the training
utterances. If a model lacks one of these, the page says why. Other machines cannot reach the page,
except with --host. Nothing is sent anywhere; uploads are deleted when the command ends.
"""

import argparse
import base64
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sklearn.decomposition import PCA

import ser_vae
from ser_vae import SerVaeError
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.evaluation.arrays import Latents
from ser_vae.features.extractor import Invertible
from ser_vae.inputs import ONE_SPEAKER, Input, with_speakers
from ser_vae.plots.latents import latent_map
from ser_vae.plots.spectrogram import trajectory
from ser_vae.plots.style import PAGE_IN, PNG_DPI, png_bytes
from ser_vae.recogniser import Recogniser, Recording, model_folder
from ser_vae.run_folder import RunFolder
from ser_vae.terminal import import_extra, model_parser, run_command

# Generic names stand for installed fonts; Gradio would fetch its default fonts from Google.
FONTS = ("system-ui", "sans-serif")
PICTURE = '<img alt="{}" src="data:image/png;base64,{}" style="width: {:.0%}; background: #fff">'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = model_parser("app", __doc__, "a run folder, its model/, or user/name")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860 on")
    return run_command(parser, serve, arguments)


def serve(options: argparse.Namespace) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        SerVaeError: Gradio is not installed, or the model cannot be loaded.
        OSError: the port is in use.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when Gradio is imported
    gradio = import_extra("gradio", "app")
    page = build_page(gradio, Explorer.load(options.model, options.trust))
    _, url, _ = page.launch(
        server_name=options.host,
        server_port=options.port,
        share=False,
        prevent_thread_lock=True,
        quiet=True,
        run_history=False,  # else the browser would keep recordings
        footer_links=[],
        theme=gradio.themes.Default(font=FONTS, font_mono=FONTS),
    )
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C, so that uploads are deleted
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    print(f"{url} (Ctrl-C to stop)", flush=True)
    page.block_thread()


@dataclass(frozen=True)
class Explorer:
    """A model, and the mean latents of its training utterances; None if the folder lacks them."""

    model: Recogniser
    training: Latents | None

    @classmethod
    def load(cls, path: str, trust: Sequence[str] = ()) -> "Explorer":
        model = ser_vae.load(path, trust=trust)
        file = RunFolder(model_folder(path).parent).training_latents
        return cls(model, Latents.read(file) if file.exists() else None)

    @property
    def heading(self) -> str:
        """What the model was trained and tested on, as Markdown."""
        about = self.model.about
        ua = about["scores"].get(f"{about['protocol']}/test/ua", float("nan"))
        synthetic = f"**{SYNTHETIC.capitalize()}.**" if about["synthetic"] else ""
        tested = f"UA on its test set: {100 * ua:.0f} %. {about['audit']['sentence']}. {synthetic}"
        return f"# Emotion of a recording\n\n`{about['run']}`, corpus {about['corpus']}. {tested}"

    def explore(self, path: str | None) -> tuple[dict[str, float] | None, str, str, str]:
        """Recognise a recording: return probabilities, notes, and two pictures."""
        if path is None:
            return None, "", "", ""
        speaker = ONE_SPEAKER if self.model.normaliser.grouped else None
        try:
            model = with_speakers(self.model, [Input(path, Recording(path), speaker=speaker)])
            probabilities = model.predict(path, speaker=speaker).probabilities
            pictures = draw_spectrogram(model, path), self.draw_map(model, path, speaker)
        except SerVaeError as error:
            return None, f"**{str(error).replace(path, Path(path).name)}**", "", ""
        scaling = "The recording is standardised by its own statistics." if speaker else ""
        return probabilities, scaling, *pictures

    def draw_map(self, model: Recogniser, path: str, speaker: str | None) -> str:
        """Draw the recording's mean latent among those of the training utterances, or say why not.

        The axes are principal components that are fitted on the training utterances alone.
        """
        if model.representation is None:
            return "No map of latents: an utterance-level model has no latents."
        if self.training is None:
            return "No map of latents: training_latents.npz is missing from the run folder."
        if self.training.mean.shape[1] < 2:
            return "No map of latents: the model has a single latent dimension."
        pca = PCA(n_components=2, svd_solver="full").fit(self.training.mean)
        figure = latent_map(
            pca.transform(self.training.mean),
            {"emotion": self.training.emotion},
            explained=pca.explained_variance_ratio_,
            title="Mean latents of training utterances",
            marked=pca.transform(model.encode(path, speaker=speaker).mean(axis=0)[None])[0],
        )
        return html(figure, "Map of mean latents; a star is this recording")


def draw_spectrogram(model: Recogniser, path: str) -> str:
    """Draw probabilities over time above the log-mel spectrogram, and say which is missing."""
    if not isinstance(model.extractor, Invertible):
        return "No spectrogram: the model's features are not a log-mel spectrogram."
    reason = model.obstacle(causal=True)
    timed = [] if reason else model.trajectory(path)
    figure = trajectory(
        model.frames(path)[:, : model.extractor.spectrogram_bands],
        [each.time_s for each in timed],
        {emotion: [each.probabilities[emotion] for each in timed] for emotion in model.emotions},
        frame_shift_s=model.extractor.frame_shift_s,
        title="Log-mel spectrogram",
    )
    missing = f"No probabilities over time: {reason}." if reason else ""
    return html(figure, "Log-mel spectrogram, and probabilities over time") + missing


def html(figure: Figure, alt: str) -> str:
    """Embed a figure in the page; text has the same size in figures of any width."""
    content = base64.b64encode(png_bytes(figure, PNG_DPI)).decode()
    return PICTURE.format(alt, content, figure.get_figwidth() / PAGE_IN)


def build_page(gradio: Any, explorer: Explorer) -> Any:
    """Lay out the page, a `gradio.Blocks`."""
    # every 600 s uploads older than an hour are deleted
    with gradio.Blocks(analytics_enabled=False, title="ser_vae", delete_cache=(600, 3600)) as page:
        gradio.Markdown(explorer.heading)
        with gradio.Row():
            with gradio.Column(scale=1, min_width=320):
                recording = gradio.Audio(type="filepath", label="Recording", buttons=[])
                texts = [gradio.Label(label="Probabilities"), gradio.Markdown()]
            with gradio.Column(scale=2, min_width=320):
                pictures = [gradio.HTML(), gradio.HTML()]
        recording.change(explorer.explore, recording, [*texts, *pictures])
    return page


if __name__ == "__main__":
    sys.exit(main())
