"""Figures of single runs: maps of latents, KL by dimension, what the decoder makes of latents."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ser_vae import SerVaeError
from ser_vae.evaluation import illustrations, latents
from ser_vae.evaluation.illustrations import Illustrations
from ser_vae.evaluation.projection import LEAST, pca
from ser_vae.plots import spectrogram
from ser_vae.plots.kl import kl_per_dimension
from ser_vae.plots.latent_map import latent_map
from ser_vae.report.cell import heading
from ser_vae.report.figure_files.drawing import Drawing, caption, file_name, headed
from ser_vae.report.record import Run
from ser_vae.run_folder import RunFolder

UNKNOWN = "unknown"  # in place of a word that the corpus does not have
TOLD = "A conditional model was told the true label where it encodes, as in pretraining."


def chosen(runs: Iterable[Run]) -> list[Run]:
    """Of the finished runs that seed and fold alone tell apart, the lowest seed's lowest fold."""
    groups: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in runs:
        if run.result:
            settings = json.dumps(dict(run.settings), sort_keys=True)
            place = (run.corpus, run.protocol, run.data, run.model, settings, run.result.material)
            groups[place].append(run)
    return [min(group, key=lambda run: (run.seed, run.fold or 0)) for group in groups.values()]


def drawings(folder: Path, runs: Sequence[Run], notes: list[str]) -> Iterator[Drawing]:
    """All of each run; those whose file is lacking, or can't be drawn, are named in `notes`."""
    lacking: dict[str, list[str]] = defaultdict(list)
    for run in runs:
        files = RunFolder(folder / run.folder)
        for file, of in (
            (files.latents, of_latents),
            (files.illustrations, of_illustrations),
            (files.metrics, of_metrics),
        ):
            if not file.exists():
                lacking[file.name].append(run.folder)
                continue
            try:
                yield from of(run, file)
            except SerVaeError as error:
                notes.append(f"not drawn: {error}".replace("\n", " "))
    notes += [
        f"no {file} (a run older than it has none, nor one of whole utterances; illustrations "
        f"need a decoder): {', '.join(folders)}"
        for file, folders in lacking.items()
    ]


def of_latents(run: Run, path: Path) -> list[Drawing]:
    """The two directions in which utterances' mean latents vary most, by emotion and by speaker."""
    stored = latents.read(path)
    if len(stored.mean) < LEAST or not np.isfinite(stored.mean).all():
        raise SerVaeError(f"{path}: fewer than {LEAST} utterances, or latents that are no numbers")
    points, explained = pca(stored.mean)
    words = {"emotion": stored.emotion, "speaker": stored.speaker}
    shown = {what: [word or UNKNOWN for word in every] for what, every in words.items()}
    said = (
        "Principal components of the test utterances' latents, each averaged over its segments; "
        "no label was told."
    )
    draw = partial(latent_map, points, shown, explained=explained.tolist())
    return [of_run(run, "latents", said, draw)]


def of_metrics(run: Run, path: Path) -> list[Drawing]:
    """The KL of each dimension, where the run measured it."""
    health = json.loads(path.read_text()).get("health") or {}
    if not health.get("kl_per_dimension"):
        return []
    said = f"Mean over {health['segments']} segments of the {health['part']} part."
    return [of_run(run, "kl", said, partial(kl_per_dimension, health["kl_per_dimension"]))]


def of_illustrations(run: Run, path: Path) -> Iterator[Drawing]:
    stored = illustrations.read(path)
    names = [f"{own}: {name}" for name, own in zip(stored.utterance, stored.emotion, strict=True)]
    yield of_run(
        run,
        "reconstructions",
        f"Of each emotion the test utterance of middling length. {TOLD}",
        partial(
            spectrogram.reconstructions,
            names,
            stored.input,
            stored.reconstruction,
            frame_shift_s=stored.frame_shift_s,
        ),
    )
    if stored.swapped:
        yield of_run(
            run,
            "swapped",
            "Encoded under the true label, decoded under each.",
            partial(
                spectrogram.label_swapped,
                names,
                stored.emotions,
                stored.input,
                stored.swapped,
                frame_shift_s=stored.frame_shift_s,
            ),
        )
    yield from of_space(run, stored)


def of_space(run: Run, stored: Illustrations) -> Iterator[Drawing]:
    """What the decoder makes of points of the latent space itself."""
    yield of_run(
        run,
        "traversals",
        "The strongest dimensions (by KL; of an AE by variance), each moved from the mean "
        "latent by multiples of its standard deviation over test segments.",
        partial(
            spectrogram.traversals,
            stored.dimension.tolist(),
            stored.step.tolist(),
            stored.traversal,
            frame_shift_s=stored.frame_shift_s,
        ),
    )
    if stored.prior.size:
        told = stored.emotions if len(stored.prior) > 1 else ("",)
        yield of_run(
            run,
            "prior",
            "Segments decoded from z ~ N(0, I); a column has the same z under each label.",
            partial(
                spectrogram.prior_samples, told, stored.prior, frame_shift_s=stored.frame_shift_s
            ),
        )


def of_run(run: Run, what: str, sentence: str, draw: "partial[Figure]") -> Drawing:
    """The drawing `what` of a run, under the run's name and title."""
    numbers = (f"seed {run.seed}", *(() if run.fold is None else (f"fold {run.fold}",)))
    settings = tuple(run.deviations.values())
    synthetic = bool(run.result and run.result.synthetic)
    title = headed(
        *(heading(run.model), run.corpus, f"protocol {run.protocol}", run.data, *numbers),
        synthetic=synthetic,
    )
    return Drawing(
        file_name(
            *(what, run.corpus, run.protocol, run.model, run.data, *numbers), settings=settings
        ),
        caption(sentence, f"Run: {run.folder}.", settings=settings, synthetic=synthetic),
        partial(draw, title=title),
    )
