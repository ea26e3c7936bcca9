"""Whether two models differ by more than chance, on the same utterances and over several seeds.

Two tests, and both have to say so. McNemar's asks whether one model is right more often, and takes
utterances for independent, which those of one speaker are not. The bootstrap asks for a difference
in UA, and draws whole speakers. Both take the trained seeds as they are: with one seed they compare
two trained networks, not two ways to train one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.stats import t
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import UNKNOWN_SPEAKER
from ser_vae.evaluation.intervals import (
    CONFIDENCE,
    Groups,
    Resampled,
    names_of,
    resample,
    standard_error,
    within,
)
from ser_vae.evaluation.predictions import Predictions

ALPHA = 1 - CONFIDENCE

Seeds = Mapping[int, Predictions]  # seed -> its test part, all folds together
Pair = tuple[str, str]
Drawn = dict[tuple[str, tuple[int, ...]], Resampled]  # by model and seeds


@dataclass(frozen=True)
class Comparison:
    """Two models, and what speaks for a difference between them.

    Attributes:
        first, second: their names.
        difference: UA of the first minus UA of the second, mean over seeds; a fraction of 1.
        low, high: its 95 % interval, not corrected for other pairs.
        mcnemar_p, bootstrap_p: of the pair by itself, two-sided.
        mcnemar_corrected, bootstrap_corrected: Holm's, over all pairs that were compared with it.
        seeds: those that both models have, and that were compared.
        groups: what the bootstrap drew.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    mcnemar_p: float
    bootstrap_p: float
    mcnemar_corrected: float
    bootstrap_corrected: float
    seeds: tuple[int, ...]
    groups: Groups

    @property
    def distinguishable(self) -> bool:
        """Whether both tests say so, each corrected for the number of pairs."""
        return max(self.mcnemar_corrected, self.bootstrap_corrected) < ALPHA


@dataclass(frozen=True)
class Difference:
    """In UA, with its 95 % interval and the two-sided p that it is none."""

    ua: float
    low: float
    high: float
    p: float


def compare_all(models: Mapping[str, Seeds]) -> list[Comparison]:
    """`compare` every model with every other."""
    return compare(models, list(combinations(models, 2)))


def compare(models: Mapping[str, Seeds], pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare each pair on the seeds that both have, and correct each test over these pairs.

    Fewer pairs are corrected less, so choose those that the question is about before looking.

    Raises:
        SerVaeError: two models have no seed in common, or were tested on other utterances.
    """
    drawn: Drawn = {}
    found = [by_itself(models, pair, drawn) for pair in pairs]
    by_mcnemar = holm([comparison.mcnemar_p for comparison in found])
    by_bootstrap = holm([comparison.bootstrap_p for comparison in found])
    return [
        replace(comparison, mcnemar_corrected=one, bootstrap_corrected=other)
        for comparison, one, other in zip(found, by_mcnemar, by_bootstrap, strict=True)
    ]


def by_itself(models: Mapping[str, Seeds], pair: Pair, drawn: Drawn) -> Comparison:
    """A pair corrected for no other; `drawn` keeps what its models may need in other pairs."""
    seeds = common_seeds(models, pair)
    first, second = ([models[name][seed] for seed in seeds] for name in pair)
    for seed, one, other in zip(seeds, first, second, strict=True):
        check_alike(one, other, pair, f"seed {seed}")
    groups = groups_for(first)
    for name, predictions in zip(pair, (first, second), strict=True):
        if (name, seeds) not in drawn:
            drawn[name, seeds] = resample(predictions, groups)
    apart = difference(*(drawn[name, seeds] for name in pair))
    p = over_seeds([mcnemar_p(*both) for both in zip(first, second, strict=True)])
    return Comparison(*pair, apart.ua, apart.low, apart.high, p, apart.p, p, apart.p, seeds, groups)


def ua_difference(first: Predictions, second: Predictions) -> dict[str, float]:
    """UA of the first minus that of the second, paired: `difference`, and `low`, `high` at 95 %.

    Raises:
        SerVaeError: they are of other utterances.
    """
    check_alike(first, second, ("the first", "the second"), "two test parts")
    groups = groups_for([first])
    found = difference(resample([first], groups), resample([second], groups))
    return {"difference": found.ua, "low": found.low, "high": found.high}


def in_words(comparison: Comparison) -> str:
    """A sentence; its difference, in points of 100, is the first's UA minus the second's."""
    c = comparison
    points = [signed(100 * value) for value in (c.difference, c.low, c.high)]
    return (
        f"{c.first} and {c.second} are {'' if c.distinguishable else 'not '}distinguishable: "
        f"ua differs by {points[0]} points (95 % {points[1]} to {points[2]}; corrected p "
        f"{rounded(c.mcnemar_corrected)} and {rounded(c.bootstrap_corrected)})"
    )


def common_seeds(models: Mapping[str, Seeds], pair: Pair) -> tuple[int, ...]:
    first, second = pair
    common = models[first].keys() & models[second].keys()
    if not common:
        raise SerVaeError(
            f"{first} and {second} have no seed in common: {first} has "
            f"{', '.join(map(str, sorted(models[first]))) or 'none'}, {second} has "
            f"{', '.join(map(str, sorted(models[second]))) or 'none'}.\n"
            "Run both with the same seeds."
        )
    return tuple(sorted(common))


def check_alike(first: Predictions, second: Predictions, names: Pair, where: str) -> None:
    """Refuse two test parts that differ in an utterance, its emotion or its speaker."""
    one, other = described(first), described(second)
    for what in sorted(one.keys() | other.keys()):
        if one.get(what) != other.get(what):
            raise SerVaeError(
                f"{where}: {names[0]} and {names[1]} were not tested on the same: {what} is "
                f"{one.get(what, 'not there')} in {names[0]}, {other.get(what, 'not there')} in "
                f"{names[1]}.\nCompare runs of one corpus and one split; split=file takes the "
                "split.csv of another run."
            )


def described(predictions: Predictions) -> dict[str, str]:
    """Utterance -> its emotion and its speaker; and the emotions that there are."""
    p = predictions
    return {
        "the choice of emotions": ", ".join(p.emotions),
        **{
            name: f"{p.emotions[truth]} by {speaker}"
            for name, truth, speaker in zip(p.utterance, p.truth, p.speaker, strict=True)
        },
    }


def groups_for(seeds: Sequence[Predictions]) -> Groups:
    """Speakers, where all are known and there are two; utterances otherwise, taken for independent.

    Few speakers show little: so they should, as each may favour one model by chance.
    """
    speakers = names_of(seeds, "speakers")
    return "utterances" if UNKNOWN_SPEAKER in speakers or len(speakers) < 2 else "speakers"


def difference(first: Resampled, second: Resampled) -> Difference:
    """Student's t on the paired bootstrap's standard error, with groups - 1 degrees of freedom.

    Counting the resamples beyond 0 instead called equal models different in 10 of 100 comparisons
    over ten speakers, this in 5. Where all groups differ alike, which few may do by chance, p is
    the least that exchanging the models group by group can give.
    """
    groups, apart = first.groups, first.ua - second.ua
    error = standard_error(first.draws - second.draws, groups)
    reach = within(groups) * error
    if error == 0:  # the same in every group
        return Difference(apart, apart, apart, 1.0 if apart == 0 else 2.0 ** (1 - groups))
    p = 2 * float(t.sf(abs(apart) / error, groups - 1))
    return Difference(apart, apart - reach, apart + reach, p)


def mcnemar_p(first: Predictions, second: Predictions) -> float:
    """The exact test of the utterances that one of two models has right and the other not."""
    one, other = (right_by_name(predictions) for predictions in (first, second))
    table = np.bincount(2 * one + other, minlength=4).reshape(2, 2)
    return float(mcnemar(table, exact=True).pvalue)


def right_by_name(predictions: Predictions) -> npt.NDArray[np.int64]:
    """(U,) 1 where the guess is right, in the order of the utterances' names."""
    order = np.argsort(np.array(predictions.utterance))
    right: npt.NDArray[np.int64] = (predictions.guess == predictions.truth)[order].astype(np.int64)
    return right


def over_seeds(p: Sequence[float]) -> float:
    """Twice the median of several: a p-value whatever they share, such as test utterances.

    Meinshausen, Meier and Bühlmann 2009, "p-Values for high-dimensional regression", with their
    quantile at one half. It is conservative: of equal models it rejects far less than 5 %.
    """
    return p[0] if len(p) == 1 else min(1.0, 2 * float(np.median(p)))


def holm(p: Sequence[float]) -> list[float]:
    corrected: list[float] = multipletests(p, method="holm")[1].tolist() if p else []
    return corrected


def signed(points: float) -> str:
    return f"{round(points, 1) + 0.0:.1f}".replace("-", "−")  # + 0.0: there is no −0.0


def rounded(p: float) -> str:
    """Without the 0 before the point; three digits where they decide."""
    if p < 0.001:
        return "<.001"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return "1" if text == "1.00" else text.removeprefix("0")
