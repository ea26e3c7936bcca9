"""Variational autoencoders for learning latent representations of speech emotion.

The stages, in the order in which data passes through them (the paper's Fig. 1); a stage imports
only from stages above it in this list:

    corpus       who said what, when, with which emotion
    features     waveform -> frames (log-mel, IV-B), kept in a store on disk
    split        which utterances train and which test (IV-D)
    data         frames -> segments of 100 ms -> batches
    baseline     whole utterances -> emotion: majority, speaker lookup, support vector machines
    model        segment -> latent: AE, VAE, CVAE (III-A, IV-C)
    classifier   sequence of latents -> emotion: LSTM (III-B, IV-C)
    training     the two Lightning stages, and the policies for the label of a conditional encoder
    stream       audio as it arrives -> an emotion after each segment
    evaluation   predictions -> numbers
    recogniser   the artefact: from an audio file to an emotion
    plots        arrays -> figures
    logger       where curves, summaries and figures go
    report       run folders -> tables, a page, figures

`settings` validates a configuration, `pipeline` joins the stages, `run` is the command,
`run_folder` describes the files of a run, and `sweep` shows the state of many runs. `predict` and
`encode` apply a trained model to recordings, which `inputs` reads. `export` and `share` write the
model for use elsewhere, and `listen` turns its latents into sound. `check` inspects a corpus, and
`dashboard` compares runs on Weights & Biases.

From Python:

    import ser_vae
    model = ser_vae.load("runs/random/vae-complete-demo-seed0-0123abcd")
    print(model.predict("speech.wav").emotion)

`load` returns a `recogniser.Recogniser`, `train` makes a run, and `load_runs` reads all runs.

Shapes, everywhere in this package:

    B  items in a batch
    U  utterances
    T  frames of an utterance (log-mel: one every 10 ms)
    S  segments of an utterance, one every 100 ms
    N  segments of several utterances
    F  columns of a frame (log-mel: 80 bands)
    D  values of a segment (log-mel: 800 = 10 x 80)
    Z  latent dimensions: 128
    K  emotions: 4
"""

from collections.abc import Collection
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # slow modules are imported on first use, so that `import ser_vae` is fast
    from ser_vae.recogniser import Recogniser
    from ser_vae.run import TrainedRun

__version__ = "0.1.0"


class SerVaeError(Exception):
    """An error that the user can fix: the message says what is wrong, where, and what to do."""


def load(path: str | Path, *, trust: Collection[str] = (), device: str = "cpu") -> "Recogniser":
    """Load a model: from a run folder, its `model/` or a copy of it, or `user/name` on the Hub.

    `trust` names classes outside this package that the model may use; see `Recogniser.load`.

    Examples:
        >>> model = ser_vae.load(run.path)
        >>> model.predict(wav).emotion in model.emotions
        True
        >>> model.encode(wav).shape[1] == model.representation.latent_size
        True
    """
    import torch  # noqa: PLC0415

    from ser_vae.recogniser import Recogniser  # noqa: PLC0415

    return Recogniser.load(path, trust=trust, device=torch.device(device))


def train(*overrides: str, config_dir: str | Path | None = None) -> "TrainedRun":
    """Train and test a model: `train("model=vae", "corpus=ravdess")`.

    A finished run is loaded, not repeated. The overrides are those of `python -m ser_vae.run`, and
    `config_dir` is its `--config-dir`.

    Examples:
        >>> sorted(run.predictions.columns)[:3]
        ['dialogue', 'guess', 'p_calm']
        >>> run.metrics["model"], run.path.name
        ('vae', 'vae-complete-folder-seed0-...')
    """
    from ser_vae.run import train as train_run  # noqa: PLC0415

    return train_run(*overrides, config_dir=config_dir)


def load_runs(folder: str | Path) -> Any:
    """Read the runs below a folder: a pandas DataFrame with a row per run.

    Examples:
        >>> ser_vae.load_runs(runs)[["model", "seed", "state"]].values.tolist()
        [['vae', 0, 'finished']]
    """
    return resolve_name("ser_vae.report.runs:load_runs")(Path(folder)).runs
