"""Compare a copy of a corpus with the counts of a complete copy."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from ser_vae.corpus.utterance import Corpus

NAMES_IN_LINE = 3  # of what a warning is about; the others follow in lines of their own


def expected_counts(
    released: Mapping[str, Mapping[str, int]], class_of: Mapping[str, str], **totals: float
) -> dict[str, Any]:
    """Sum the counts of a complete copy by class, for `Corpus.expected`.

    Args:
        released: code -> style, or "complete" where the corpus has no styles -> utterances.
        class_of: code -> class.
        totals: further figures of a complete copy, as far as they are known: `speakers`, `hours`
            (of all utterances), `sample_rate_hz`, `channels`.

    Returns:
        `classes`: class -> style -> utterances; `others`: utterances with other labels; `totals`.
    """
    classes: dict[str, Counter[str]] = {emotion: Counter() for emotion in class_of.values()}
    for code, emotion in class_of.items():
        classes[emotion].update(released[code])
    others = sum(sum(released[code].values()) for code in released if code not in class_of)
    return {"classes": classes, "others": others, **totals}


def count_utterances(corpus: Corpus) -> dict[str, Counter[str]]:
    """Count the utterances of each class by style; "complete" where the corpus has no styles."""
    counts = {emotion: Counter[str]() for emotion in corpus.emotions}
    for utterance in corpus.utterances:
        counts[utterance.emotion][utterance.style or "complete"] += 1
    return counts


def list_warning(what: str, names: Collection[str]) -> tuple[str, ...]:
    """Return a warning that counts and lists `names`, or nothing where there are none.

    Its first line is complete in itself; further lines are there if not all names fit into it.
    """
    if not names:
        return ()
    ordered = sorted(names)
    first, more = ordered[:NAMES_IN_LINE], len(ordered) - NAMES_IN_LINE
    if more <= 0:
        return (f"{len(names):,} {what}: {', '.join(first)}",)
    line = f"{len(names):,} {what}: {', '.join(first)} and {more:,} more"
    return ("\n".join([line, *ordered]),)


def corpus_warnings(corpus: Corpus) -> list[str]:
    """List what looks wrong, as far as that is known without the audio."""
    differences = [
        f"{emotion}{'' if style == 'complete' else f' {style}'} {counts[style]:,} of {expected:,}"
        for emotion, counts in count_utterances(corpus).items()
        for style, expected in corpus.expected.get("classes", {}).get(emotion, {}).items()
        if counts[style] != expected
    ]
    incomplete = [f"not the utterances of a complete copy: {', '.join(differences)}"]
    return [*(incomplete if differences else ()), *corpus.warnings]


def class_line(corpus: Corpus) -> str:
    """Name the classes with their number of utterances, in one line."""
    counts = count_utterances(corpus)
    classes = ", ".join(f"{emotion} {counts[emotion].total():,}" for emotion in corpus.emotions)
    return f"{len(counts)} classes: {classes} utterances"


def warning_line(corpus: Corpus) -> str | None:
    """Join the first lines of all warnings; None if there are none."""
    warnings = corpus_warnings(corpus)
    line = "; ".join(warning.partition("\n")[0] for warning in warnings)
    if any("\n" in warning for warning in warnings):
        line += "; `python -m ser_vae.check corpus=…` lists all"
    return line or None
