"""Tables -> the whole report as plain data: what stands in it, and in which order."""

from collections.abc import Mapping, Sequence
from itertools import chain

from ser_vae.report import words
from ser_vae.report.glance import glance
from ser_vae.report.health import health
from ser_vae.report.leaks import leaks
from ser_vae.report.models import models
from ser_vae.report.pairs import pairs
from ser_vae.report.policies import policies
from ser_vae.report.probes import probes
from ser_vae.report.section import Chapter, Report
from ser_vae.report.subset import Subset
from ser_vae.report.table import Table
from ser_vae.report.table_one import table_one

Study = tuple[Table, Sequence[Subset]]


def contents(studies: Sequence[Study], unreadable: Mapping[str, str]) -> Report:
    every = [subset for _, subsets in studies for subset in subsets]
    return Report(
        words.LEGEND,
        glance(every),
        tuple(chapter(*study) for study in studies),
        words.unreadable(unreadable),
    )


def chapter(table: Table, subsets: Sequence[Subset]) -> Chapter:
    return Chapter(
        words.title(table),
        words.chapter(table),
        (
            *table_one(table, subsets),
            *chain.from_iterable((models(subset), *pairs(subset)) for subset in subsets),
            *chain.from_iterable((*policies(subset), *leaks(subset)) for subset in subsets),
            *health(table, subsets),
            *chain.from_iterable(map(probes, subsets)),
        ),
        words.notes(table),
    )
