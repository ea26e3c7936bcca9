"""What training and test set have in common, and what that means for a score."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ser_vae.corpus.utterance import GROUPS, Utterance, known_speaker


def audit(
    train: Sequence[Utterance],
    test: Sequence[Utterance],
    *,
    everything: Sequence[Utterance],
    contents: Mapping[str, str],
    unlabelled: Sequence[Utterance] = (),
    pretrained_on: int | None = 0,
) -> dict[str, Any]:
    """Report what training and test set have in common.

    Args:
        train: the training set and the validation set, as a model may be selected on the latter.
        test: the utterances that are scored.
        everything: all utterances of the corpus, whatever their label, to find adjacent turns.
        contents: id -> what identifies the samples of the audio, see `FeatureStore.content`.
        unlabelled: what the representation was trained on without labels; it counts as training for
            duplicates and adjacent turns.
        pretrained_on: how many test utterances a pretrained encoder has seen; None if unknown.

    Returns:
        `shared`: for speakers, sessions, dialogues, scripts, languages and corpora, how many the
            test set has, and how many of these are also in the training set; None if the corpus
            does not state them.
        `across`: what the test set has in common with other corpora in the training set, see
            `_across_corpora`; None unless several corpora are joined.
        `adjacent_turns`: test utterances whose speaker's previous or next turn in the same dialogue
            is in the training set; None without dialogues.
        `pretrained_on`: as given.
        `duplicates`: test utterances with the same samples as one in the training set, in whatever
            file, with whatever label.
        `speaker_lookup`: WA and UA of giving each test utterance the emotion that is most frequent
            for its speaker in the training set.
        `speaker_lookup_counts`: emotion -> correct and all test utterances, to pool folds.
        `verdict`, `sentence`: a summary in one word and in a sentence.
    """
    shared = _shared(train, test)
    known = {contents[utterance.id] for utterance in (*train, *unlabelled)}
    duplicates = sum(contents[utterance.id] in known for utterance in test)
    counts = lookup_counts(train, test)
    lookup = score_lookup([counts])
    verdict, sentence = _verdict(shared["speakers"], lookup["ua"], train, test)
    if duplicates:
        verdict = "DUPLICATES"
        sentence = f"{duplicates} of {len(test)} test utterances are also in train; {sentence}"
    if pretrained_on:
        verdict = "HEARD"
        sentence = (
            f"{pretrained_on} of {len(test)} test utterances were in the pretraining of the given "
            f"encoder; {sentence}"
        )
    across = _across_corpora(train, test)
    return {
        "shared": shared,
        "across": across,
        "adjacent_turns": _adjacent([*train, *unlabelled], test, everything),
        "duplicates": duplicates,
        "test_utterances": len(test),
        "pretrained_on": pretrained_on,
        "speaker_lookup": lookup,
        "speaker_lookup_counts": counts,
        "verdict": verdict,
        "sentence": sentence + _across_sentence(across),
    }


def _across_corpora(
    train: Sequence[Utterance], test: Sequence[Utterance]
) -> dict[str, list[str]] | None:
    """List what test utterances have in common with training utterances of other corpora.

    Returns:
        `trained_on`, `tested_on`: the corpora of the sets.
        `languages`: those that a test utterance shares with a training utterance of another corpus.
        `texts`: likewise the scripts, such as "German a01". Texts are compared by name and language
            only, although two corpora may use one name for different texts, or two for one text.
    """
    of_train, of_test = (sorted({u.corpus for u in subset if u.corpus}) for subset in (train, test))
    if not of_train or not of_test:
        return None
    result = {"trained_on": of_train, "tested_on": of_test}
    for name, value_of in {"languages": lambda u: u.language, "texts": _text}.items():
        corpora: dict[str | None, set[str | None]] = {}
        for utterance in train:
            corpora.setdefault(value_of(utterance), set()).add(utterance.corpus)
        of_others = {v for u in test if (v := value_of(u)) and corpora.get(v, set()) - {u.corpus}}
        result[name] = sorted(of_others)
    return result


def _text(utterance: Utterance) -> str | None:
    """Return language and script without the corpus that `corpus.joined` puts in front of it."""
    if not utterance.script:
        return None
    script = utterance.script.removeprefix(f"{utterance.corpus}/")
    return f"{utterance.language} {script}" if utterance.language else script


def _across_sentence(across: Mapping[str, list[str]] | None) -> str:
    """Put `_across_corpora` into words if the corpora of the test set are not in training."""
    if not across or {*across["trained_on"]} & {*across["tested_on"]}:
        return ""
    names = {key: ", ".join(values) or "none" for key, values in across.items()}
    return (
        f"; trained on {names['trained_on']}, tested on {names['tested_on']}, languages known to "
        f"be in both: {names['languages']}, texts of the same name in both: {names['texts']}"
    )


def _shared(
    train: Sequence[Utterance], test: Sequence[Utterance]
) -> dict[str, dict[str, int] | None]:
    shared = {}
    for name, group_of in GROUPS.items():
        in_train, in_test = ({group_of(u) for u in subset} - {None} for subset in (train, test))
        counts = {"in_train": len(in_test & in_train), "in_test": len(in_test)}
        shared["corpora" if name == "corpus" else f"{name}s"] = counts if in_test else None
    return shared


def _turn(utterance: Utterance) -> tuple[float, str]:
    """Return what sorts the turns of a dialogue: the start, or else the id, with 2 before 10."""
    return utterance.start_s or 0.0, re.sub(r"\d+", lambda digits: digits[0].zfill(9), utterance.id)


def _adjacent(
    train: Sequence[Utterance], test: Sequence[Utterance], everything: Sequence[Utterance]
) -> int | None:
    """Count the test utterances with an adjacent turn in the training set."""
    turns = pd.DataFrame(
        sorted((u.dialogue, u.speaker, *_turn(u), u.id) for u in everything if u.dialogue),
        columns=["dialogue", "speaker", "start", "number", "id"],
    )
    if turns.empty:
        return None
    in_train = turns["id"].isin([utterance.id for utterance in train])
    of_speaker = in_train.groupby([turns["dialogue"], turns["speaker"]])
    beside = of_speaker.shift(1, fill_value=False) | of_speaker.shift(-1, fill_value=False)
    return int((beside & turns["id"].isin([utterance.id for utterance in test])).sum())


def score_lookup(folds: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, float]:
    """Score the lookup over the test sets of all folds, from the `lookup_counts` of each."""
    emotions = dict.fromkeys(emotion for fold in folds for emotion in fold)
    by_fold = [[fold[emotion] for fold in folds if emotion in fold] for emotion in emotions]
    counts = [tuple(map(sum, zip(*each, strict=True))) for each in by_fold]
    recalls = [correct / total for correct, total in counts]
    wa = sum(correct for correct, _ in counts) / sum(total for _, total in counts)
    return {"wa": wa, "ua": sum(recalls) / len(recalls)}


def lookup_counts(
    train: Sequence[Utterance], test: Sequence[Utterance]
) -> dict[str, tuple[int, int]]:
    """Count by emotion the test utterances that the lookup guesses correctly, and all of them.

    Among equally frequent emotions, the first in alphabetical order is the guess.
    """
    table = pd.crosstab([u.speaker for u in train], [u.emotion for u in train])
    guesses, majority = dict(table.idxmax(axis=1)), table.sum().idxmax()
    correct = Counter(u.emotion for u in test if guesses.get(u.speaker, majority) == u.emotion)
    total = Counter(utterance.emotion for utterance in test)
    return {emotion: (correct[emotion], count) for emotion, count in sorted(total.items())}


def is_confounded(lookup: float, classes: int) -> bool:
    """Return whether the UA of the lookup is at least halfway from chance, 1 / K, to 1.

    Random splits of URDU are near 0.95, those of RAVDESS near chance.
    """
    return lookup >= (1 + 1 / classes) / 2


def _verdict(
    speakers: Mapping[str, int] | None,
    lookup: float,
    train: Sequence[Utterance],
    test: Sequence[Utterance],
) -> tuple[str, str]:
    """Summarise the split; CONFOUNDED if the speaker largely reveals the emotion.

    If no speaker is shared, the lookup equals the majority.
    """
    if speakers and speakers["in_train"]:
        if is_confounded(lookup, len({utterance.emotion for utterance in test})):
            return "CONFOUNDED", (
                f"knowing only who speaks scores ua {lookup:.1%}: a score here measures the speaker"
            )
        return "SHARED", (
            f"{speakers['in_train']} of {speakers['in_test']} test speakers are also in train"
        )
    if any(known_speaker(utterance) is None for utterance in (*train, *test)):
        return "UNKNOWN", "the corpus does not say who speaks"
    return "INDEPENDENT", "no test speaker is in train"
