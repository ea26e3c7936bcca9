"""The first table answers what was found, and what it is worth."""

from typing import Any

from ser_vae.report.glance import glance
from ser_vae.report.models import MARK
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def lines(study: Any) -> list[tuple[str, ...]]:
    every = [subset for table in tables(study.runs) for subset in subsets(table)]
    return [line.cells for line in glance(every).lines]


def test_a_line_is_the_best_model_beside_the_best_trivial_one(study: Any, heard: Any) -> None:
    audit = {
        "verdict": "CONFOUNDED",
        "sentence": "it measures the speaker",
        "adjacent_turns": None,
        "duplicates": 0,
        "speaker_lookup": {"ua": 0.95, "wa": 0.95},
    }
    study.run("model=ae", said=heard(0.8), audit=audit)
    study.run("model=vae", said=heard(0.9), audit=audit)
    ((place, best, ua, interval, trivial, trivial_ua, verdict),) = lines(study)
    assert place == "urdu, protocol random, complete"
    assert (best, ua) == (f"VAE {MARK}", "90.00")
    assert " to " in interval
    assert (trivial, trivial_ua, verdict) == ("speaker_lookup", "95.00", "CONFOUNDED")


def test_what_leaks_or_hears_nothing_is_never_the_best(study: Any, heard: Any) -> None:
    study.run("model=majority", said=heard(0.9, order=1))
    study.run("model=cvae", "label_policy=oracle", said=heard(0.8, order=2), leaks=True)
    ((_, best, ua, *_),) = lines(study)
    assert (best, ua) == ("–", "–")
    study.run("model=ae", said=heard(0.3, order=3))
    ((_, best, ua, *_),) = lines(study)
    assert (best, ua) == (f"AE {MARK}", "30.00")


def test_settings_that_differ_are_a_line_of_their_own_and_named(study: Any) -> None:
    study.run()
    study.run("normalise=none")
    places = [place for place, *_ in lines(study)]
    assert places == [
        "urdu, protocol random, complete",
        "urdu, protocol random, complete, normalise=none",
    ]
