"""Probes on values whose content is known: what was put in is read, what was not is chance."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from statsmodels.stats.proportion import proportion_confint

from ser_vae.evaluation.probes import (
    C,
    probe,
    probe_within,
    probes,
    reads_label,
    share_with_interval,
)

UTTERANCES, SPEAKERS = 400, 8
RNG = np.random.default_rng(0)
EMOTION = RNG.permutation(np.arange(UTTERANCES) % 4)
SPEAKER = RNG.permutation(np.arange(UTTERANCES) % SPEAKERS)
SEX = SPEAKER % 2
TRAIN = np.arange(UTTERANCES) % 10 < 6
TEST = np.arange(UTTERANCES) % 10 > 6


def holding(*contents: np.ndarray, noise: float = 0.15) -> np.ndarray:
    """Values (U, 20 more than the classes) that hold the contents and nothing else."""
    rng = np.random.default_rng(1)
    parts = [np.eye(content.max() + 1)[content] for content in contents]
    x = np.concatenate([*parts, np.zeros((UTTERANCES, 20))], axis=1)
    return x + noise * rng.standard_normal(x.shape)


def named(content: np.ndarray) -> list[str]:
    return [f"class {value}" for value in content]


def found(latents: np.ndarray, logmel: np.ndarray, **other: object) -> dict:
    known = {"emotion": named(EMOTION), "speaker": named(SPEAKER), "sex": named(SEX)}
    return probes(latents, logmel, **{**known, "train": TRAIN, "test": TEST, **other})


def test_what_is_in_the_values_is_read_and_what_is_not_is_chance():
    both = found(holding(EMOTION), holding(SPEAKER))
    assert both["latents"]["emotion"]["score"] > 0.9
    assert both["latents"]["speaker"]["score"] == pytest.approx(1 / SPEAKERS, abs=0.1)
    assert both["latents"]["sex"]["score"] == pytest.approx(1 / 2, abs=0.15)
    assert both["logmel"]["emotion"]["score"] == pytest.approx(1 / 4, abs=0.12)
    assert both["logmel"]["speaker"]["score"] > 0.9
    assert both["logmel"]["sex"]["score"] > 0.9


def test_beside_each_score_stand_chance_and_how_many_were_scored():
    for of_source in found(holding(EMOTION), holding(SEX)).values():
        assert [of_source[what]["chance"] for what in ("emotion", "speaker", "sex")] == [
            1 / 4,
            1 / SPEAKERS,
            1 / 2,
        ]
        assert all(read["utterances"] == TEST.sum() for read in of_source.values())


def test_the_score_is_the_ua_of_logistic_regression_on_standardised_values():
    x = holding(EMOTION, noise=1.5) * np.linspace(1, 1000, 24)
    scaled = (x - x[TRAIN].mean(axis=0)) / x[TRAIN].std(axis=0)
    fitted = LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
    read = fitted.fit(scaled[TRAIN], EMOTION[TRAIN]).predict(scaled[TEST])
    expected = balanced_accuracy_score(EMOTION[TEST], read)
    assert probe(x, named(EMOTION), TRAIN, TEST)["score"] == pytest.approx(expected)
    assert 0.4 < expected < 0.95


def test_a_rare_class_counts_as_much_as_a_common_one():
    """Nothing is in the values: always saying the common class would be right in nine of ten."""
    rare = (np.random.default_rng(2).random(UTTERANCES) < 0.1).astype(int)
    assert probe(holding(EMOTION), named(rare), TRAIN, TEST)["score"] == pytest.approx(0.5, abs=0.2)


def test_what_is_neither_in_train_nor_in_test_decides_nothing():
    x, emotion = holding(EMOTION), named(EMOTION)
    other, outside = x.copy(), ~(TRAIN | TEST)
    other[outside] = 1e6
    assert outside.any()
    assert probe(x, emotion, TRAIN, TEST) == probe(other, emotion, TRAIN, TEST)


def test_the_test_part_is_not_fitted_on():
    """Values that name each utterance: learnt by heart they read all, and nothing elsewhere."""
    by_heart = np.eye(UTTERANCES)
    assert probe(by_heart, named(EMOTION), TRAIN, TRAIN)["score"] > 0.95
    assert probe(by_heart, named(EMOTION), TRAIN, TEST)["score"] == pytest.approx(1 / 4, abs=0.1)
    assert probe_within(by_heart, named(SPEAKER), TEST)["score"] < 0.3


def test_speakers_are_read_where_none_of_them_was_in_training():
    x, speaker = holding(SPEAKER), named(SPEAKER)
    assert probe_within(x, speaker, SPEAKER < 4)["score"] > 0.9
    assert probe_within(x, speaker, SPEAKER < 4)["chance"] == 1 / 4


def test_two_utterances_a_speaker_are_enough_and_one_is_not():
    x, first = np.eye(SPEAKERS)[SPEAKER], [np.flatnonzero(s == SPEAKER) for s in range(4)]
    part = np.zeros(UTTERANCES, bool)
    part[[row for rows in first for row in rows[:2]]] = True
    assert probe_within(x, named(SPEAKER), part) == {"score": 1, "chance": 1 / 4, "utterances": 8}
    part[first[0][0]] = False
    assert probe_within(x, named(SPEAKER), part) is None


@pytest.mark.parametrize("speaker", ["unknown", None])
def test_where_a_speaker_is_unknown_speakers_are_not_probed(speaker):
    names = [speaker if own == "class 3" else own for own in named(SPEAKER)]
    both = found(holding(EMOTION), holding(SEX), speaker=names)
    assert both["latents"]["speaker"] is both["logmel"]["speaker"] is None
    assert both["latents"]["sex"] is not None


def test_one_speaker_is_not_probed():
    assert probe_within(holding(SPEAKER), named(SPEAKER), SPEAKER == 0) is None


@pytest.mark.parametrize("part", [TRAIN, TEST])
def test_where_a_sex_is_unknown_sex_is_not_probed(part):
    sex: list[str | None] = named(SEX)
    sex[int(np.flatnonzero(part)[-1])] = None
    assert found(holding(EMOTION), holding(SEX), sex=sex)["latents"]["sex"] is None


def test_a_sex_unknown_outside_both_parts_matters_to_nobody():
    sex: list[str | None] = named(SEX)
    sex[int(np.flatnonzero(~(TRAIN | TEST))[0])] = None
    assert found(holding(EMOTION), holding(SEX), sex=sex)["latents"]["sex"] is not None


@pytest.mark.parametrize("where", ["train", "test"])
def test_one_sex_in_a_part_is_not_probed(where):
    parts = {"train": TRAIN, "test": TEST}
    assert (
        found(holding(SEX), holding(SEX), **{where: parts[where] & (SEX == 0)})["latents"]["sex"]
        is None
    )


def test_a_class_that_training_lacks_is_wrong_and_one_that_the_test_lacks_is_in_no_mean():
    x = holding(EMOTION, noise=0.05)
    lacks = probe(x, named(EMOTION), TRAIN & (EMOTION != 0), TEST)
    assert lacks["score"] == pytest.approx(3 / 4)
    assert lacks["chance"] == 1 / 4
    fewer = probe(x, named(EMOTION), TRAIN, TEST & (EMOTION != 0))
    assert fewer["score"] == pytest.approx(1)
    assert fewer["chance"] == 1 / 3


def test_what_is_read_as_a_class_that_the_test_lacks_is_wrong_and_no_class_more():
    x, asked = holding(EMOTION, noise=1.0), TEST & (EMOTION != 0)
    scaled = (x - x[TRAIN].mean(axis=0)) / x[TRAIN].std(axis=0)
    fitted = LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
    read = fitted.fit(scaled[TRAIN], EMOTION[TRAIN]).predict(scaled)
    recalls = [np.mean(read[asked & (k == EMOTION)] == k) for k in (1, 2, 3)]
    assert 0 in read[asked]
    found = probe(x, named(EMOTION), TRAIN, asked)
    assert found["score"] == pytest.approx(np.mean(recalls))


def test_a_label_that_was_told_is_read_where_it_is_and_nowhere_else():
    told = np.random.default_rng(3).integers(0, 4, UTTERANCES)
    there = reads_label(holding(told), told, TRAIN, TEST)
    absent = reads_label(holding(EMOTION), told, TRAIN, TEST)
    assert there["share"] > 0.9
    assert there["low"] > there["chance"] == absent["chance"] == 1 / 4
    assert absent["low"] < 1 / 4 < absent["high"]
    assert there["utterances"] == TEST.sum()


@pytest.mark.parametrize(("hits", "total"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
def test_the_interval_of_a_share_is_statsmodels_wilson(hits, total):
    share = share_with_interval(hits, total)
    expected = proportion_confint(hits, total, alpha=0.05, method="wilson")
    assert (share["low"], share["high"]) == pytest.approx(expected, abs=1e-12)
    assert (share["share"], share["utterances"]) == (hits / total, total)


def test_more_utterances_narrow_the_interval_of_a_share():
    found = [share_with_interval(total // 4, total) for total in (20, 80, 320)]
    widths = [share["high"] - share["low"] for share in found]
    assert all(wide > 1.8 * narrow for wide, narrow in pairwise(widths))
