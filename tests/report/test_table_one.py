"""Table I stands as in the paper, with what the paper does not say."""

from typing import Any

from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables
from ser_vae.report.table_one import table_one


def sections(study: Any) -> list[Section]:
    (table,) = tables(study.runs)
    return table_one(table, subsets(table))


def test_a_subset_is_ua_its_interval_and_wa_of_the_papers_models(study: Any, heard: Any) -> None:
    for model, share in {"ae": 0.5, "vae": 0.6, "cvae": 0.7}.items():
        for seed in (0, 1):
            study.run(f"model={model}", seed=seed, said=heard(share, seed=seed))
    (section,) = sections(study)
    assert section.header == ("data", "in %", "AE", "VAE", "CVAE", "majority")
    ua, interval, wa = (line.cells for line in section.lines)
    assert ua == ("complete", "UA", *(f"{x}.00 ± 0.00 (n=2)" for x in (50, 60, 70)), "50.00")
    assert wa[:2] == ("", "WA")
    for cell, share in zip(interval[2:5], (50, 60, 70), strict=True):
        low, high = map(float, cell.split(" to "))
        assert low < share < high
    assert "95 %: over speakers." in section.caption


def test_one_speaker_is_said_to_be_few(study: Any, heard: Any) -> None:
    study.run(said=heard(0.6, speakers=range(1)))
    said = "95 %: over utterances, there being fewer than two known speakers."
    assert said in sections(study)[0].caption


def test_baselines_stand_elsewhere(study: Any) -> None:
    study.run("model=pca")
    assert sections(study) == []
    study.run("model=vae")
    study.run("model=pca", "model.latent=16")
    (section,) = sections(study)
    assert "pca" not in section.header
    assert len(section.lines) == 3  # no row for a variant that the paper's models were not run with


def test_the_papers_cells_stand_below_those_of_its_subsets(study: Any) -> None:
    study.run("data=improvised", "model=vae", corpus="iemocap")
    (section,) = sections(study)
    assert section.lines[-1].cells == ("", "paper", "59.26", "62.67", "64.86", "–")


def test_a_collapse_is_named_below_the_table(study: Any, sick: Any) -> None:
    study.run(health=sick(collapsed=True))
    assert sections(study)[0].notes[0].startswith("ALARM: COLLAPSED")
