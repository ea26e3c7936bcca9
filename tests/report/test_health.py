"""Health is shown with its spread, and a collapse is loud."""

from typing import Any

from ser_vae.report.health import health
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def sections(study: Any) -> list[Section]:
    (table,) = tables(study.runs)
    return health(table, subsets(table))


def test_a_row_is_the_mean_over_runs_in_its_units(study: Any, sick: Any) -> None:
    study.run(seed=0, health=sick(kl=24.0, active_units=110))
    study.run(seed=1, health=sick(kl=26.0, active_units=112))
    (section,) = sections(study)
    ((data, model, error, kl, active, likelihood, information, alarm),) = (
        line.cells for line in section.lines
    )
    assert (data, model) == ("complete", "VAE")
    assert (error, kl) == ("0.12 ± 0.00", "25.0 ± 1.4")  # 0.125 to two digits; 2 / sqrt 2
    assert active == "111 ± 1 of 128"
    assert (likelihood, information, alarm) == ("−812 ± 0", "5.2 ± 0.0", "none")


def test_an_autoencoder_has_no_posterior_to_speak_of(study: Any, sick: Any) -> None:
    lacking = ("kl", "active_units", "log_likelihood", "mutual_information")
    study.run("model=ae", health=sick(**dict.fromkeys(lacking)))
    (section,) = sections(study)
    assert section.lines[0].cells[3:] == ("–", "–", "–", "–", "none")


def test_a_collapse_is_an_alarm_in_its_row_and_below(study: Any, sick: Any) -> None:
    study.run(seed=0, health=sick(collapsed=True))
    study.run(seed=1, health=sick())
    (section,) = sections(study)
    assert (section.lines[0].cells[-1], section.lines[0].kind) == ("1 of 2", "alarm")
    assert "ALARM: COLLAPSED OR HARDLY TRAINED: VAE, complete (1 of 2 runs)" in section.notes[0]


def test_an_encoder_that_is_left_untrained_sounds_no_alarm(study: Any, sick: Any) -> None:
    study.run("model=untrained", health=sick(collapsed=True))
    (section,) = sections(study)
    assert (section.lines[0].kind, section.notes) == ("plain", ())


def test_every_subset_has_its_rows_in_one_table(study: Any, sick: Any) -> None:
    for data in ("scripted", "improvised"):
        study.run(f"data={data}", health=sick())
    (section,) = sections(study)
    assert [line.cells[0] for line in section.lines] == ["improvised", "scripted"]


def test_runs_without_it_have_no_section(study: Any) -> None:
    study.run(health=None)
    study.run(seed=1)
    assert sections(study) == []
