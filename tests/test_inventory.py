from pathlib import Path
from typing import Any

import pytest

from ser_vae.corpus.utterance import Corpus, Style, Utterance
from ser_vae.features.audio import Inspection
from ser_vae.inventory import Count, take

FINE = Inspection(sample_rate_hz=16_000, channels=1, duration_s=36.0, problem=None)
EXPECTED = {
    "classes": {
        "calm": {"improvised": 1, "scripted": 1},
        "cross": {"improvised": 1, "scripted": 0},
    },
    "others": 1,
    "speakers": 2,
    "hours": 0.04,
    "sample_rate_hz": 16_000,
    "channels": 1,
}


def utterance(name: str, emotion: str, style: Style | None = None) -> Utterance:
    return Utterance(name, Path(f"{name}.wav"), emotion, speaker=name[0], style=style)


def corpus(*utterances: Utterance, **known: Any) -> Corpus:
    return Corpus("mine", ("calm", "cross"), utterances, **known)


@pytest.fixture
def complete() -> Corpus:
    """Three utterances of the classes and one of another label, 36 s each: 0.04 h."""
    return corpus(
        utterance("a1", "calm", "improvised"),
        utterance("a2", "calm", "scripted"),
        utterance("b1", "cross", "improvised"),
        others=(utterance("b2", "xxx", "scripted"),),
        expected=EXPECTED,
    )


def heard(corpus: Corpus, **other: Inspection) -> dict[str, Inspection]:
    everything = (*corpus.utterances, *corpus.others)
    return {each.id: other.get(each.id, FINE) for each in everything}


def test_a_complete_copy_has_neither_warnings_nor_faults(complete: Corpus) -> None:
    found = take(complete, heard(complete))
    assert (found.warnings, found.faults, found.problems) == ([], [], {})
    assert found.classes["calm"] == {
        "improvised": Count(1, 1),
        "scripted": Count(1, 1),
        "complete": Count(2, 2),
    }
    assert found.total("complete") == Count(3, 3)
    assert found.totals["other labels"] == Count(1, 1)
    assert found.totals["hours"].found == pytest.approx(0.04)
    assert found.hours == pytest.approx({"improvised": 0.02, "scripted": 0.01, "complete": 0.03})
    assert found.speakers == {"a": {"calm": 2}, "b": {"cross": 1}}


def test_a_corpus_without_styles_is_counted_as_a_whole() -> None:
    plain = corpus(
        utterance("a", "calm"),
        utterance("b", "cross"),
        expected={"classes": {"calm": {"complete": 1}, "cross": {"complete": 3}}},
    )
    found = take(plain, heard(plain))
    assert found.classes == {"calm": {"complete": Count(1, 1)}, "cross": {"complete": Count(1, 3)}}
    assert found.warnings == ["cross, complete: found 1 of 3, the number in a complete copy"]


def test_what_nobody_expects_is_counted_without_a_warning() -> None:
    own = corpus(utterance("a", "calm"), utterance("b", "cross"))
    found = take(own, heard(own, a=Inspection(8_000, 2, 1.0, None)))
    assert found.total("complete") == Count(2, None)
    assert found.formats == {(8_000, 2): 1, (16_000, 1): 1}
    assert found.warnings == []


def test_each_difference_is_a_warning_with_both_numbers(complete: Corpus) -> None:
    partial = corpus(*complete.utterances[1:], expected=EXPECTED)
    found = take(partial, heard(partial))
    assert found.faults == []
    assert [warning.split(", the")[0] for warning in found.warnings] == [
        "calm, improvised: found 0 of 1",
        "calm, complete: found 1 of 2",
        "other labels: found 0 of 1",
        "hours: found 0.02 of 0.04",
    ]


def test_another_sample_rate_or_number_of_channels_is_a_warning(complete: Corpus) -> None:
    stereo = Inspection(16_000, 2, 36.0, None)
    slow = Inspection(8_000, 1, 36.0, None)
    found = take(complete, heard(complete, a1=stereo, a2=slow, b1=slow))
    assert found.warnings == [
        "2 files have 8,000 Hz and 1 channels, those of a complete copy 16,000 Hz and 1",
        "1 files have 16,000 Hz and 2 channels, those of a complete copy 16,000 Hz and 1",
    ]


def test_oddities_of_the_corpus_are_warnings() -> None:
    odd = corpus(utterance("a", "calm"), utterance("b", "cross"), oddities=("a file too many",))
    assert take(odd, heard(odd)).warnings == ["a file too many"]


def test_a_bad_file_is_counted_and_the_rest_can_be_used(complete: Corpus) -> None:
    silent = Inspection(16_000, 1, 36.0, "silent")
    found = take(complete, heard(complete, a1=silent))
    assert found.problems == {"a1": "silent"}
    assert found.warnings == ["1 of 4 files cannot be used"]
    assert found.faults == []


def test_a_class_without_an_utterance_or_without_audio_is_a_fault(complete: Corpus) -> None:
    undecodable = Inspection(0, 0, 0.0, "cannot be decoded")
    assert take(complete, heard(complete, b1=undecodable)).faults == [
        "cross: none of its files can be used"
    ]
    calm = corpus(*complete.utterances[:2])
    assert take(calm, heard(calm)).faults == ["cross: no utterance"]


def test_durations_are_of_the_files_that_can_be_decoded() -> None:
    own = corpus(utterance("a", "calm"), utterance("b", "cross"), utterance("c", "cross"))
    found = take(
        own,
        heard(own, a=Inspection(16_000, 1, 3.0, None), b=Inspection(0, 0, 0.0, "truncated")),
    )
    assert found.durations == [(3.0, "a"), (36.0, "c")]
