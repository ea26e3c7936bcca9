"""The readers of files that may come from others, with valid files and the documented errors.

A reader is called with the path of a file. It reads the file or raises a documented error; any
other outcome is a defect.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import whole
from mutations import Change, inside_archive, mutated

from ser_vae import SerVaeError
from ser_vae.corpus import folder, iemocap
from ser_vae.corpus.utterance import Utterance
from ser_vae.evaluation import predictions
from ser_vae.evaluation.arrays import Illustrations, Latents
from ser_vae.features import audio
from ser_vae.features.store import FeatureStore
from ser_vae.report.runs import DAMAGED, read_run
from ser_vae.run import configure
from ser_vae.settings import build
from ser_vae.split import file as split
from ser_vae.training import weights

FORMATS = {  # (container, subtype) of the audio formats that a corpus may have
    "wav": [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "PCM_24")],
    "flac": [("FLAC", "PCM_16"), ("FLAC", "PCM_24")],
    "other audio": [
        *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_16")),
        *(("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16")),
    ],
}


@dataclass(frozen=True)
class Reader:
    """A reader of one kind of file.

    Attributes:
        valid: the contents of valid files.
        read: reads the file at a path.
        documented: the errors that it may raise.
        change: damages a valid file.
    """

    valid: Sequence[bytes] = field(repr=False)
    read: Callable[[Path], object]
    documented: tuple[type[Exception], ...] = (SerVaeError,)
    change: Change = mutated


def readers(place: Path) -> dict[str, Reader]:
    """Return all readers by name; other files that they need are written to `place`."""
    return {
        "labels of IEMOCAP": Reader(whole.labels(), read_labels),
        "CSV of a corpus": Reader(whole.tables(), partial(read_table, corpus_at(place / "corpus"))),
        "split=file": Reader([whole.split_csv()], read_split),
        **{
            name: Reader([whole.encoded(*one) for one in kinds], read_audio)
            for name, kinds in FORMATS.items()
        },
        "predictions.csv": Reader([whole.predictions_csv()], predictions.read),
        **{
            name: Reader([content], partial(read_folder, place, name), DAMAGED)
            for name, content in (
                ("config.yaml", whole.config_yaml()),
                ("metrics.json", whole.metrics_json()),
            )
        },
        "latents.npz": Reader([whole.latents_npz(place)], Latents.read, change=inside_archive),
        "illustrations.npz": Reader(
            [whole.illustrations_npz(place)], Illustrations.read, change=inside_archive
        ),
        "pretrained.ckpt": Reader(
            [whole.weights_of(whole.network(), place)],
            partial(weights.load, whole.network()),
            change=inside_archive,
        ),
        "last.ckpt": Reader(
            [whole.interrupted(place / "fit")],
            lambda path: weights.load(whole.stage(), path, checkpoint=True),
            change=inside_archive,
        ),
        **stored(place / "store"),
    }


def read_labels(path: Path) -> None:
    """Read a label file, after renaming it to the name of a dialogue, as label files have."""
    named = path.with_name(f"{whole.DIALOGUE}.txt")
    path.replace(named)
    dialogue = iemocap.DIALOGUE.fullmatch(named.stem)
    assert dialogue
    list(iemocap.read_labels(named, dialogue, path.parent))


def corpus_at(root: Path) -> Path:
    root.mkdir()
    for n in range(4):
        (root / f"{n}.wav").touch()
    return root


def read_table(root: Path, path: Path) -> None:
    shutil.copyfile(path, root / "list.csv")
    folder.read(root, "list.csv", "mine")


def read_split(path: Path) -> None:
    split.folds([Utterance(f"u{n}", path, "sad", "s") for n in range(6)], seed=0, path=str(path))


def read_audio(path: Path) -> None:
    """Read a file, and inspect it; both must agree on whether it can be used."""
    problem = audio.inspect(path).problem
    try:
        samples = audio.read(path, whole.RATE_HZ)
    except SerVaeError:
        assert problem
        raise
    assert not problem
    assert samples.ndim == 1
    assert np.isfinite(samples).all()


def read_folder(place: Path, name: str, path: Path) -> None:
    """Read a run folder in which this file replaces the valid file `name`."""
    run = place / "cvae-complete-urdu-seed0-01234567"
    run.mkdir(exist_ok=True)
    (run / "config.yaml").write_bytes(whole.config_yaml())
    (run / "metrics.json").write_bytes(whole.metrics_json())
    (run / "predictions.csv").write_bytes(whole.predictions_csv())
    shutil.copyfile(path, run / name)
    read_run(run)


def stored(place: Path) -> dict[str, Reader]:
    """Return a reader for each non-empty file of a feature store."""
    place.mkdir()
    (place / "u.wav").write_bytes(whole.encoded("WAV", "PCM_16"))
    utterance = Utterance("u", place / "u.wav", "sad", "s")
    features = build(configure("corpus=urdu")["features"])
    FeatureStore(place / "whole", features, jobs=1).compute([utterance])
    frames = features(audio.read(utterance.path, whole.RATE_HZ))
    files = [path for path in (place / "whole").rglob("*") if path.is_file()]

    def read(name: Path, path: Path) -> None:
        """Check that the store returns the correct frames, whatever the file holds."""
        copy = place / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(place / "whole", copy)
        shutil.copyfile(path, copy / name)
        store = FeatureStore(copy, features, jobs=1)
        assert store.compute([utterance]) == {}
        np.testing.assert_allclose(store.frames(utterance), frames, rtol=0, atol=1e-5)

    return {
        f"{path.suffix or 'file'} of the store": Reader(
            [path.read_bytes()], partial(read, path.relative_to(place / "whole"))
        )
        for path in files
        if path.stat().st_size
    }
