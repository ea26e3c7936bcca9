"""What a copy of a corpus holds beside what a complete one holds, as plain data.

A corpus says in `Corpus.expected`, as far as it knows: `classes` (emotion -> utterances of each
style, or `complete`), `others` (utterances of other labels), `speakers`, `hours` (of all
utterances), `sample_rate_hz`, `channels`. What is not said is counted, and compared with nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ser_vae.corpus.utterance import Corpus, Utterance
from ser_vae.features.audio import Inspection

TOLERANCE = 0.011  # hours are published with two decimals; other counts differ by one at least


@dataclass(frozen=True)
class Count:
    """A number found, and that of a complete copy: None where the corpus does not say."""

    found: float
    expected: float | None

    @property
    def differs(self) -> bool:
        return self.expected is not None and abs(self.found - self.expected) > TOLERANCE

    def __str__(self) -> str:
        return written(self.found) + (
            "" if self.expected is None else f" of {written(self.expected)}"
        )


def written(number: float) -> str:
    return f"{number:,.2f}" if isinstance(number, float) else f"{number:,}"


@dataclass(frozen=True)
class Inventory:
    """What was found in a corpus.

    Attributes:
        classes: emotion -> subset (improvised, scripted, complete; or complete alone) -> count.
        totals: of "other labels", "speakers" and "hours", all labels together.
        hours: subset -> hours of the classes.
        speakers: speaker -> emotion -> utterances of the classes.
        formats: (sample rate in Hz, channels) -> files.
        durations: (seconds, id) of every file that can be decoded, shortest first.
        problems: id -> why its audio cannot be used.
        warnings: differences and oddities, a sentence each: the corpus can be used.
        faults: why it cannot, a sentence each.
    """

    classes: dict[str, dict[str, Count]]
    totals: dict[str, Count]
    hours: dict[str, float]
    speakers: dict[str, Counter[str]]
    formats: Counter[tuple[int, int]]
    durations: list[tuple[float, str]]
    problems: dict[str, str]
    warnings: list[str]
    faults: list[str]

    def total(self, subset: str) -> Count:
        """All classes together; expected only where it is of every class."""
        counts = [subsets[subset] for subsets in self.classes.values()]
        expected = [count.expected for count in counts if count.expected is not None]
        whole = len(expected) == len(counts)
        return Count(sum(count.found for count in counts), sum(expected) if whole else None)


def take(corpus: Corpus, inspections: Mapping[str, Inspection]) -> Inventory:
    """Count a corpus; `inspections` says by id what the file of each utterance holds."""
    classes = count_classes(corpus)
    totals = count_totals(corpus, inspections)
    decoded = {name: each for name, each in inspections.items() if each.sample_rate_hz}
    formats = Counter((each.sample_rate_hz, each.channels) for each in decoded.values())
    problems = {name: each.problem for name, each in inspections.items() if each.problem}
    unusable = [f"{len(problems)} of {len(inspections)} files cannot be used"] if problems else []
    return Inventory(
        classes=classes,
        totals=totals,
        hours={s: hours(select(corpus, s), inspections) for s in subsets_of(corpus)},
        speakers=count_speakers(corpus),
        formats=formats,
        durations=sorted((each.duration_s, name) for name, each in decoded.items()),
        problems=problems,
        warnings=[
            *differences(classes, totals),
            *other_formats(corpus, formats),
            *unusable,
            *corpus.oddities,
        ],
        faults=find_faults(corpus, problems),
    )


def subsets_of(corpus: Corpus) -> tuple[str, ...]:
    styled = any(utterance.style for utterance in corpus.utterances)
    return ("improvised", "scripted", "complete") if styled else ("complete",)


def select(corpus: Corpus, subset: str) -> list[Utterance]:
    return [each for each in corpus.utterances if subset in (each.style, "complete")]


def count_classes(corpus: Corpus) -> dict[str, dict[str, Count]]:
    classes: dict[str, dict[str, Count]] = {emotion: {} for emotion in corpus.emotions}
    for subset in subsets_of(corpus):
        found = Counter(utterance.emotion for utterance in select(corpus, subset))
        for emotion, counts in classes.items():
            counts[subset] = Count(found[emotion], expected_in(corpus, emotion, subset))
    return classes


def expected_in(corpus: Corpus, emotion: str, subset: str) -> int | None:
    """A complete copy's utterances; `complete` is the sum of the styles where it is unsaid."""
    counts: dict[str, int] = corpus.expected.get("classes", {}).get(emotion, {})
    if subset == "complete" and counts:
        return counts.get("complete", sum(counts.values()))
    return counts.get(subset)


def count_totals(corpus: Corpus, inspections: Mapping[str, Inspection]) -> dict[str, Count]:
    everything = (*corpus.utterances, *corpus.others)
    speakers = {utterance.speaker for utterance in everything}
    expected = corpus.expected.get
    return {
        "other labels": Count(len(corpus.others), expected("others")),
        "speakers": Count(len(speakers), expected("speakers")),
        "hours": Count(hours(everything, inspections), expected("hours")),
    }


def hours(utterances: Iterable[Utterance], inspections: Mapping[str, Inspection]) -> float:
    return sum(inspections[utterance.id].duration_s for utterance in utterances) / 3600


def count_speakers(corpus: Corpus) -> dict[str, Counter[str]]:
    speakers = {name: Counter[str]() for name in sorted({u.speaker for u in corpus.utterances})}
    for utterance in corpus.utterances:
        speakers[utterance.speaker][utterance.emotion] += 1
    return speakers


def differences(
    classes: Mapping[str, Mapping[str, Count]], totals: Mapping[str, Count]
) -> list[str]:
    named = {f"{e}, {s}": count for e, counts in classes.items() for s, count in counts.items()}
    return [
        f"{name}: found {count}, the number in a complete copy"
        for name, count in {**named, **totals}.items()
        if count.differs
    ]


def corpus_warnings(corpus: Corpus) -> list[str]:
    """Where a copy differs from a complete one, as far as that is known without its audio."""
    return [*differences(count_classes(corpus), {}), *corpus.oddities]


def other_formats(corpus: Corpus, formats: Counter[tuple[int, int]]) -> list[str]:
    """A sentence for each sample rate and number of channels that a complete copy has not."""
    rate = corpus.expected.get("sample_rate_hz")
    channels = corpus.expected.get("channels")
    return [
        f"{files} files have {found_rate:,} Hz and {found_channels} channels, "
        f"those of a complete copy {rate:,} Hz and {channels}"
        for (found_rate, found_channels), files in sorted(formats.items())
        if rate and channels and (found_rate, found_channels) != (rate, channels)
    ]


def find_faults(corpus: Corpus, problems: Mapping[str, str]) -> list[str]:
    present = {utterance.emotion for utterance in corpus.utterances}
    audible = {u.emotion for u in corpus.utterances if u.id not in problems}
    return [
        f"{emotion}: {'none of its files can be used' if emotion in present else 'no utterance'}"
        for emotion in corpus.emotions
        if emotion not in audible
    ]
