"""Who can be told from whom, against an independent search for groups."""

import random
from itertools import combinations
from typing import Any

import networkx
import pytest

from ser_vae.evaluation.compare import Comparison
from ser_vae.report.models import models
from ser_vae.report.pairs import claims, cliques, judged, pairs
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables

MODELS = ("ae", "vae", "cvae", "pca", "logmel_lstm", "untrained")


def sections(study: Any) -> list[Section]:
    (table,) = tables(study.runs)
    (subset,) = subsets(table)
    return pairs(subset)


def compared(first: str, second: str, *, apart: bool, difference: float = 0.1) -> Comparison:
    p = 0.001 if apart else 0.5
    return Comparison(first, second, difference, 0.05, 0.15, p, p, p, p, (0,), "speakers")


def test_few_pairs_are_a_list_of_differences_with_interval_and_both_p(
    study: Any, heard: Any
) -> None:
    study.run("model=ae", said=heard(0.5, order=1))
    study.run("model=vae", said=heard(0.9, order=2))
    (section,) = sections(study)
    ((first, second, difference, mcnemar, bootstrap, apart),) = (x.cells for x in section.lines)
    assert (first, second) == ("VAE", "AE")  # the better stands first in the table of models
    assert difference.startswith("+40.0 (")
    assert (mcnemar, bootstrap, apart) == ("<.001", "<.001", "yes")
    assert section.notes[-1] == "Every model is distinguishable from every other."


def test_pairs_without_a_common_seed_are_not_called_distinguishable(study: Any, heard: Any) -> None:
    study.run("model=ae", seed=0, said=heard(0.5, order=1))
    study.run("model=vae", seed=0, said=heard(0.9, order=2))
    study.run("model=pca", seed=1, said=heard(0.9, order=3))
    (section,) = sections(study)
    assert section.notes[-1] == (
        "Every tested pair of models is distinguishable. 2 pairs have no seed in common, and were "
        "not tested."
    )


def test_many_pairs_are_a_matrix_and_a_list_that_is_folded_away(study: Any, heard: Any) -> None:
    shares = dict(zip(MODELS, (0.5, 0.6, 0.7, 0.8, 0.9, 0.55), strict=True))
    for order, (model, share) in enumerate(shares.items()):
        study.run(f"model={model}", said=heard(share, order=order))
    matrix, listing = sections(study)
    assert (matrix.folded, listing.folded) == (False, True)
    assert len(listing.lines) == 15
    names = [line.cells[0].split(" ", 1)[1].lower() for line in matrix.lines]
    for row, line in enumerate(matrix.lines):
        for column, entry in enumerate(line.cells[1:]):
            if column >= row:
                assert entry == ""
                continue
            expected = 100 * (shares[names[row]] - shares[names[column]])
            shown = float(entry.rstrip("*").replace("−", "-"))
            assert shown == pytest.approx(expected, abs=0.05)
    assert "*" in "".join(line.cells[1] for line in matrix.lines)


def test_one_model_is_no_pair(study: Any, heard: Any) -> None:
    study.run("model=ae", said=heard(0.5))
    assert sections(study) == []


def test_what_can_not_be_compared_is_said_beside_the_models(study: Any, heard: Any) -> None:
    study.run("model=ae", said=heard(0.6))
    study.run("model=vae", said=heard(0.7, speakers=range(11)))
    assert sections(study) == []
    (table,) = tables(study.runs)
    (note,) = models(subsets(table)[0]).notes
    assert note.startswith("No pair of models was tested: seed 0: ")
    assert "\n" not in note


def test_the_papers_order_is_judged_claim_by_claim(study: Any, heard: Any) -> None:
    for order, (model, share) in enumerate({"ae": 0.9, "vae": 0.5, "cvae": 0.55}.items()):
        study.run(f"model={model}", said=heard(share, order=order))
    (table,) = tables(study.runs)
    (said,) = claims(subsets(table)[0])
    first, second, third = said.split("; ")
    assert "CVAE − VAE +5.0 (" in first
    assert first.endswith("not distinguishable")
    assert second.startswith("VAE − AE −40.0 (")
    assert second.endswith("THE OTHER WAY ROUND")
    assert third.startswith("CVAE − AE −35.0 (")


def test_a_difference_as_in_the_paper_is_called_so() -> None:
    assert judged(compared("CVAE", "VAE", apart=True)) == "as in the paper"
    assert judged(compared("CVAE", "VAE", apart=True, difference=-0.1)) == "THE OTHER WAY ROUND"
    assert judged(compared("CVAE", "VAE", apart=False)) == "not distinguishable"


@pytest.mark.parametrize("seed", range(20))
def test_groups_are_the_maximal_cliques(seed: int) -> None:
    names, drawn = list("abcdefgh"), random.Random(seed)
    tested = [compared(*pair, apart=drawn.random() < 0.4) for pair in combinations(names, 2)]
    graph = networkx.Graph([(c.first, c.second) for c in tested if not c.distinguishable])
    expected = {frozenset(group) for group in networkx.find_cliques(graph) if len(group) > 1}
    found = cliques(names, tested)
    assert {frozenset(group) for group in found} == expected
    assert len(found) == len(expected)
    assert all(group == sorted(group) for group in found)
