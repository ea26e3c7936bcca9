"""What a representation makes of speech, as pictures that stand in the page."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from ser_vae.evaluation import illustrations
from ser_vae.evaluation.illustrations import Illustrations
from ser_vae.plots import spectrogram
from ser_vae.plots.style import png_bytes
from ser_vae.report.figures import listed, negative
from ser_vae.report.page.missing import read_if_there
from ser_vae.report.page.place import Place
from ser_vae.run_folder import RunFolder

DPI = 120  # sharp at the width of a page's column
COLOURS = 128  # of a picture, for a third of its bytes


@dataclass(frozen=True)
class Picture:
    """`text` says in words what there is to see."""

    title: str
    text: str
    source: str  # data:image/png;base64,…


@dataclass(frozen=True)
class Pictures:
    """Of one cell; without pictures, `lacking` says why."""

    cell: str
    pictures: tuple[Picture, ...]
    lacking: str


class Budget:
    """How many characters of pictures a page may still hold."""

    def __init__(self, characters: int) -> None:
        self.left = characters

    def spend(self, pictures: tuple[Picture, ...]) -> bool:
        """Whether these fit; if so, they count."""
        size = sum(len(picture.source) for picture in pictures)
        if size > self.left:
            return False
        self.left -= size
        return True


def pictures(
    place: Place, folder: Path, budget: Budget, step: Callable[[str], None]
) -> Iterator[Pictures]:
    for cell in place.cells:
        step(f"pictures of {cell.name}")
        path = RunFolder(folder / place.shown(cell).folder).illustrations
        found, reason = read_if_there(path, illustrations.read)
        if not found:
            yield Pictures(cell.name, (), reason)
        elif budget.left <= 0:
            yield Pictures(cell.name, (), too_large(path))
        else:
            drawn = tuple(draw(found, cell.name))
            fits = budget.spend(drawn)
            yield Pictures(cell.name, drawn if fits else (), "" if fits else too_large(path))


def too_large(path: Path) -> str:
    return f"left out, the page would become too large; they are in {path.name} of the run"


def draw(found: Illustrations, model: str) -> Iterator[Picture]:
    """What the model has of: reconstructions, swapped labels, traversals, draws of the prior."""
    shift, names = found.frame_shift_s, [f"{e}" for e in found.emotion]
    said = listed(f"{u} ({e})" for u, e in zip(found.utterance, found.emotion, strict=True))
    yield picture(
        "Reconstructions beside inputs",
        f"Log-mel spectra of {len(names)} test utterances, {said}: on the left the input, on the "
        f"right what {model} makes of it, smoother in time and frequency where it lost detail.",
        spectrogram.reconstructions(
            names, found.input, found.reconstruction, frame_shift_s=shift, title=model
        ),
    )
    if found.swapped:
        yield picture(
            "The label swapped",
            f"The same utterances, {said}, encoded with their true emotion and decoded as each of "
            f"{listed(found.emotions)}.",
            spectrogram.label_swapped(
                names, found.emotions, found.input, found.swapped, frame_shift_s=shift, title=model
            ),
        )
    if found.traversal.size:
        yield traversal(found, model)
    if found.prior.size:
        yield prior(found, model)


def traversal(found: Illustrations, model: str) -> Picture:
    dimension, step = found.dimension.tolist(), found.step.tolist()
    ends = negative(f"{step[0]:g} to {step[-1]:g}")
    return picture(
        "The strongest dimensions, moved",
        f"Segments decoded from the mean latent with one dimension moved from {ends} "
        f"standard deviations: dimensions {listed(map(str, dimension))}, the "
        "strongest first.",
        spectrogram.traversals(
            dimension, step, found.traversal, frame_shift_s=found.frame_shift_s, title=model
        ),
    )


def prior(found: Illustrations, model: str) -> Picture:
    rows, draws = found.prior.shape[:2]
    labels = found.emotions if rows == len(found.emotions) else [""]
    of = f"{listed(labels)}, a row each" if any(labels) else "no label"
    return picture(
        "Drawn from the prior",
        f"{draws} segments decoded from z ~ N(0, I), under {of}.",
        spectrogram.prior_samples(
            labels, found.prior, frame_shift_s=found.frame_shift_s, title=model
        ),
    )


def picture(title: str, text: str, figure: Figure) -> Picture:
    large = Image.open(io.BytesIO(png_bytes(figure, DPI))).convert("RGB")
    small = io.BytesIO()
    large.quantize(COLOURS).save(small, "png", optimize=True)
    encoded = base64.b64encode(small.getvalue()).decode()
    return Picture(title, text, f"data:image/png;base64,{encoded}")
