"""Is a corpus there, whole and audible? `python -m ser_vae.check corpus=iemocap`.

Every file is opened and decoded. Ends with 0 where the corpus can be used, be it with warnings; 1
where it cannot; 2 where the command line makes no sense.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ser_vae import SerVaeError, mistakes, ranges
from ser_vae.configuration import build
from ser_vae.corpus.utterance import SYNTHETIC, Corpus
from ser_vae.features.audio import Inspection, inspect
from ser_vae.inventory import Count, Inventory, take, written
from ser_vae.run import configure
from ser_vae.terminal import stderr, track

PIPE_WIDTH = 160  # characters: where there is no terminal, tables may be wider than 80


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ser_vae.check", description=__doc__)
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="as of ser_vae.run")
    overrides = parser.parse_args(arguments).overrides
    complaints = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    try:
        config = configure(*overrides)
        ranges.check(config)
        stderr().quiet = not config["progress"]
        corpus = build(config["corpus"])
    except (HydraException, OmegaConfBaseException) as error:
        complaints.print(f"error: {mistakes.words(error)}", style="red")
        return 2
    except SerVaeError as error:
        complaints.print(f"error: {error}", style="red")
        return 1
    inspections = inspect_all(corpus, config["jobs"] or os.cpu_count() or 1)
    inventory = take(corpus, inspections)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    show(corpus, inventory, Console(markup=False, highlight=False, width=width))
    return 1 if inventory.faults else 0


def inspect_all(corpus: Corpus, jobs: int) -> dict[str, Inspection]:
    """Decode every file, those of other labels too, in `jobs` threads: id -> what it holds."""
    utterances = [*corpus.utterances, *corpus.others]
    with ThreadPoolExecutor(jobs) as pool:
        read = pool.map(inspect, [utterance.path for utterance in utterances])
        inspections = track(read, f"Reading {corpus.name}", len(utterances))
        return dict(zip((utterance.id for utterance in utterances), inspections, strict=True))


def show(corpus: Corpus, inventory: Inventory, console: Console) -> None:
    """Print all that was found: tables first, what is wrong last, the verdict at the very end."""
    if corpus.synthetic:
        console.print(f"{corpus.name}: {SYNTHETIC}")
    console.print(class_table(corpus, inventory))
    console.print(speaker_table(corpus, inventory))
    for name, count in inventory.totals.items():
        console.print(f"{name}: ", cell(count), sep="")
    show_audio(inventory, console)
    paths = {utterance.id: utterance.path for utterance in (*corpus.utterances, *corpus.others)}
    for utterance, problem in inventory.problems.items():
        console.print(f"{paths[utterance]}: {problem}", style="yellow", soft_wrap=True)
    for warning in inventory.warnings:
        console.print(f"warning: {warning}", style="yellow", soft_wrap=True)
    for fault in inventory.faults:
        console.print(f"fault: {fault}", style="red", soft_wrap=True)
    verdict = "cannot be used" if inventory.faults else "can be used"
    console.print(f"{corpus.name} {verdict}; warnings: {len(inventory.warnings)}")


def class_table(corpus: Corpus, inventory: Inventory) -> Table:
    """Emotions by subsets: found, and of how many in a complete copy where that is known."""
    table = Table("emotion", title=f"{corpus.name}: utterances", title_justify="left")
    for subset in inventory.hours:
        table.add_column(subset, justify="right")
    for emotion, counts in inventory.classes.items():
        table.add_row(emotion, *map(cell, counts.values()))
    table.add_section()
    table.add_row("all", *(cell(inventory.total(subset)) for subset in inventory.hours))
    table.add_row("hours", *map(written, inventory.hours.values()))
    return table


def cell(count: Count) -> Text:
    return Text(str(count), style="yellow" if count.differs else "")


def speaker_table(corpus: Corpus, inventory: Inventory) -> Table:
    table = Table("speaker", "sex", title="utterances by speaker", title_justify="left")
    for emotion in (*corpus.emotions, "all"):
        table.add_column(emotion, justify="right")
    sexes = {utterance.speaker: utterance.sex or "" for utterance in corpus.utterances}
    for speaker, counts in inventory.speakers.items():
        numbers = [*(counts[emotion] for emotion in corpus.emotions), counts.total()]
        table.add_row(speaker, sexes[speaker], *map(written, numbers))
    return table


def show_audio(inventory: Inventory, console: Console) -> None:
    for (rate_hz, channels), files in sorted(inventory.formats.items()):
        console.print(f"{files:,} files: {rate_hz:,} Hz, channels: {channels}")
    durations = inventory.durations
    places = {"shortest": 0, "median": len(durations) // 2, "longest": -1} if durations else {}
    for name, place in places.items():
        seconds, utterance = durations[place]
        console.print(f"{name}: {seconds:.3f} s, {utterance}")


if __name__ == "__main__":
    sys.exit(main())
