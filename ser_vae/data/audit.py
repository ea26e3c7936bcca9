"""What a split shares between its training and its test part, and what that makes of a score."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ser_vae.corpus.utterance import Utterance
from ser_vae.split.speaker import known_speaker

Value = Callable[[Utterance], str | None]

SIDES: dict[str, Value] = {
    "speakers": known_speaker,
    "sessions": lambda u: u.session,
    "dialogues": lambda u: u.dialogue,
    "scripts": lambda u: u.script,
}


def audit(
    train: Sequence[Utterance],
    test: Sequence[Utterance],
    *,
    everything: Sequence[Utterance],
    digests: dict[str, str],
    heard: Sequence[Utterance] = (),
    pretrained_on: int | None = 0,
) -> dict[str, Any]:
    """Say what stands on both sides.

    Args:
        train: all that learnt, the validation part too: what was chosen on it has been seen.
        test: what is scored.
        everything: of the corpus, other labels too, in which turns are neighbours.
        digests: id -> what stands for the content of the audio.
        heard: what the representation learnt from without a label; it counts as training where
            audio is compared and turns are neighbours.
        pretrained_on: how many of the test part a given encoder was pretrained on; None: unknown.

    Returns:
        `shared`: for speakers, sessions, dialogues and scripts, how many of the test part's are
            also in the training part, of how many; None where the corpus does not know them.
        `adjacent_turns`: test utterances whose speaker's turn before or behind, in the same
            dialogue, is in the training part; None without dialogues.
        `pretrained_on`: as given.
        `duplicates`: test utterances whose audio is, byte for byte, in the training part.
        `speaker_lookup`: wa and ua of giving each test utterance the emotion that its speaker has
            most often in training.
        `speaker_lookup_counts`: by emotion, how many it has right of how many, so that folds can
            be scored together.
        `verdict`, `sentence`: the same in a word and in a sentence.
    """
    shared = {name: _shared(train, test, value) for name, value in SIDES.items()}
    known = {digests[utterance.id] for utterance in (*train, *heard)}
    lookup = speaker_lookup(train, test)
    unsaid = any(known_speaker(u) is None for u in (*train, *test))
    speakers = shared["speakers"] or {"in_train": 0, "in_test": 0}
    verdict, sentence = _verdict(speakers, unsaid, lookup, len({u.emotion for u in test}))
    if pretrained_on:
        verdict, sentence = (
            "HEARD",
            (
                f"{pretrained_on} of {len(test)} test utterances were in the given encoder's "
                f"pretraining; {sentence}"
            ),
        )
    return {
        "shared": shared,
        "adjacent_turns": _adjacent([*train, *heard], test, everything),
        "duplicates": sum(digests[utterance.id] in known for utterance in test),
        "test_utterances": len(test),
        "pretrained_on": pretrained_on,
        "speaker_lookup": lookup,
        "speaker_lookup_counts": lookup_counts(train, test),
        "verdict": verdict,
        "sentence": sentence,
    }


def _shared(
    train: Sequence[Utterance], test: Sequence[Utterance], value: Value
) -> dict[str, int] | None:
    there, here = ({v for u in part if (v := value(u))} for part in (train, test))
    return {"in_train": len(here & there), "in_test": len(here)} if here else None


def _adjacent(
    train: Sequence[Utterance], test: Sequence[Utterance], everything: Sequence[Utterance]
) -> int | None:
    """Count the test utterances that have a neighbour in training."""
    turns: dict[tuple[str, str], list[Utterance]] = {}
    for utterance in everything:
        if utterance.dialogue:
            turns.setdefault((utterance.dialogue, utterance.speaker), []).append(utterance)
    if not turns:
        return None
    in_train, neighbours = {utterance.id for utterance in train}, dict[str, set[str]]()
    for own in turns.values():
        ordered = [u.id for u in sorted(own, key=lambda u: (u.start_s or 0.0, u.id))]
        for first, second in pairwise(ordered):
            neighbours.setdefault(first, set()).add(second)
            neighbours.setdefault(second, set()).add(first)
    return sum(bool(neighbours.get(utterance.id, set()) & in_train) for utterance in test)


def speaker_lookup(train: Sequence[Utterance], test: Sequence[Utterance]) -> dict[str, float]:
    """The score of knowing who speaks and nothing else; an unknown speaker gets the majority."""
    counts = lookup_counts(train, test).values()
    recalls = [right / tested for right, tested in counts]
    return {"wa": sum(right for right, _ in counts) / len(test), "ua": sum(recalls) / len(recalls)}


def lookup_counts(
    train: Sequence[Utterance], test: Sequence[Utterance]
) -> dict[str, tuple[int, int]]:
    """Emotion -> how many of the test part the speaker lookup has right, of how many."""
    overall = _commonest(train)
    of_speaker = {
        speaker: _commonest([u for u in train if u.speaker == speaker])
        for speaker in {utterance.speaker for utterance in train}
    }
    right = Counter(u.emotion for u in test if of_speaker.get(u.speaker, overall) == u.emotion)
    total = Counter(utterance.emotion for utterance in test)
    return {emotion: (right[emotion], count) for emotion, count in sorted(total.items())}


def _commonest(utterances: Sequence[Utterance]) -> str:
    counts = Counter(utterance.emotion for utterance in utterances)
    return min(counts, key=lambda emotion: (-counts[emotion], emotion))


def _verdict(
    speakers: dict[str, int], unsaid: bool, lookup: dict[str, float], emotions: int
) -> tuple[str, str]:
    """One word for the split; CONFOUNDED where the speaker gives away half of what is to be known.

    Half of the way from chance, 1 / K, to 1: URDU's random splits lie near 0.95, RAVDESS's near
    chance. Where no speaker is shared the lookup is the majority, whatever it scores.
    """
    if speakers["in_train"] and lookup["ua"] >= (1 + 1 / emotions) / 2:
        return "CONFOUNDED", (
            f"knowing only who speaks scores ua {lookup['ua']:.1%}: "
            "a score here measures the speaker"
        )
    if speakers["in_train"]:
        return "SHARED", (
            f"{speakers['in_train']} of {speakers['in_test']} test speakers are also in train"
        )
    if unsaid:
        return "UNKNOWN", "the corpus does not say who speaks"
    return "INDEPENDENT", "no test speaker is in train"
