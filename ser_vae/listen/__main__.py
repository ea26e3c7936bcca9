"""What a run's representation makes of speech, to look at and listen to.

    python -m ser_vae.listen runs/random/cvae-complete-demo-seed0-0123abcd

Rebuilds the run, and writes WAV, PNG and an index.html: the recording, the input as Griffin-Lim
makes it audible, the reconstruction, the strongest latent dimension moved, a CVAE's label swapped,
and samples from the prior. Ends with 1 where the run can't be listened to.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ser_vae import SerVaeError
from ser_vae.configuration import build
from ser_vae.features import audio
from ser_vae.listen import sounds
from ser_vae.listen.page import Group, Writer
from ser_vae.listen.rebuild import Rebuilt, rebuild
from ser_vae.plots.spectrogram import limits
from ser_vae.run_folder import RunFolder

PRIOR_NOTE = (
    "Every segment is drawn for itself: a model of segments knows no order in time, so that this "
    "is no speech, but the sounds of which the model takes speech to be made."
)

TRIMMED = " The quiet ends of the recording are cut from what the model is given."


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    try:
        listen(given)
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m ser_vae.listen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("run", type=Path, metavar="RUN", help="a finished run's folder")
    made.add_argument(
        "--utterance",
        action="append",
        default=[],
        metavar="ID",
        help="may be given several times; default: one of each emotion of the test part",
    )
    made.add_argument("--out", type=Path, metavar="FOLDER", help="default: RUN/listen")
    made.add_argument(
        "--dimensions",
        type=count,
        default=1,
        metavar="N",
        help="how many of the strongest latent dimensions are moved (default: 1)",
    )
    made.add_argument(
        "--seed", type=int, default=0, help="of the phases and of the prior's samples (default: 0)"
    )
    made.add_argument("--root", type=Path, help="where the corpus lies now, if not as in the run")
    made.add_argument("--cache", type=Path, help="where features are kept, if not as in the run")
    made.add_argument(
        "--trust",
        action="store_true",
        help="run what the folder's config.yaml names from outside ser_vae, such as a model of "
        "your own; of a stranger's folder that is a stranger's program",
    )
    return made


def count(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {number}")
    return number


def listen(given: argparse.Namespace) -> None:
    """Write what there is to hear, and print a line for each file.

    Raises:
        SerVaeError: the run can't be listened to, or the folder can't be written to.
    """
    folder = RunFolder(given.run)
    rebuilt = rebuild(folder, root=given.root, cache=given.cache, trusted=given.trust)
    chosen = sounds.places(rebuilt.pictures.material, given.utterance)
    writer = Writer(
        given.out or given.run / "listen",
        build(rebuilt.config["features"]),
        synthetic=rebuilt.corpus.synthetic,
        seed=given.seed,
    )
    found = []
    for group in groups(rebuilt, writer, chosen, given.dimensions, given.seed):
        found.append(group)
        print(group.title)
        for own in group.heard:
            print(f"  {own.wav}: {own.said}", flush=True)
    print(f"written: {writer.index(rebuilt.folder.path.name, facts(rebuilt), found)}")


def groups(
    rebuilt: Rebuilt, writer: Writer, chosen: Sequence[int], dimensions: int, seed: int
) -> Iterator[Group]:
    """A group an utterance, and one of the prior's samples."""
    material = rebuilt.pictures.material
    strongest = sounds.strongest(rebuilt.pictures, dimensions)
    shown = limits([rebuilt.pictures.input(index) for index in chosen])
    cut = TRIMMED if rebuilt.config["features"]["trim_db"] is not None else ""
    for index in chosen:
        utterance = material.utterances[index]
        yield writer.group(
            f"{utterance.emotion}: {utterance.id}",
            f"Speaker {utterance.speaker}, of the {material.parts[index]} part.{cut}",
            sounds.of_utterance(rebuilt.pictures, index, strongest),
            shown=shown,
            recorded=audio.read(utterance.path, writer.extractor.sample_rate),
            compared=True,
        )
    if samples := list(sounds.prior(rebuilt.pictures, seed)):
        yield writer.group(
            "Samples from the prior",
            PRIOR_NOTE,
            samples,
            shown=shown,
            recorded=None,
            compared=False,
        )


def facts(rebuilt: Rebuilt) -> list[str]:
    choice, told = rebuilt.config["choice"], rebuilt.pictures.model.conditional
    return [
        f"model={choice['model']}, corpus {rebuilt.corpus.name}, data={choice['data']}, "
        f"split={choice['split']}, seed {rebuilt.config['seed']}.",
        *(["The encoder was told the true label, as in pretraining."] if told else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
