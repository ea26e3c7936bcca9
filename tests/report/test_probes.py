"""What is read off the latents stands beside what is read off the log-mel, and chance."""

from typing import Any

from ser_vae.report.probes import probes
from ser_vae.report.section import Section
from ser_vae.report.subset import subsets
from ser_vae.report.table import tables


def probe(score: float, chance: float = 0.25) -> dict[str, float]:
    return {"score": score, "chance": chance, "utterances": 120}


def found(latents: float, logmel: float, **other: Any) -> dict[str, Any]:
    return {
        "latents": {"emotion": probe(latents), "speaker": probe(0.5, 0.1), "sex": None} | other,
        "logmel": {"emotion": probe(logmel), "speaker": probe(0.75, 0.1), "sex": None},
    }


def sections(study: Any) -> list[Section]:
    (table,) = tables(study.runs)
    return probes(subsets(table)[0])


def test_latents_of_each_model_stand_between_the_input_and_chance(study: Any) -> None:
    for seed in (0, 1):
        logmel = 0.5 + 0.1 * seed
        study.run("model=ae", seed=seed, ua=0.4, probes=found(0.3, logmel))
        study.run("model=vae", seed=seed, ua=0.6, probes=found(0.4 + 0.1 * seed, logmel))
    (section,) = sections(study)
    assert [line.cells for line in section.lines] == [
        ("log-mel, no model", "55.0 ± 7.1", "75.0 ± 0.0", "–"),
        ("VAE", "45.0 ± 7.1", "50.0 ± 0.0", "–"),
        ("AE", "30.0 ± 0.0", "50.0 ± 0.0", "–"),
        ("chance", "25.0", "10.0", "–"),
    ]


def test_the_input_is_counted_once_for_a_seed_however_many_models_there_are(study: Any) -> None:
    study.run("model=ae", seed=0, probes=found(0.3, 0.2))
    study.run("model=vae", seed=0, probes=found(0.3, 0.2))
    study.run("model=vae", seed=1, probes=found(0.3, 0.8))
    (section,) = sections(study)
    assert section.lines[0].cells[1].startswith("50.0")  # not the mean of three: 40


def test_a_probe_is_averaged_over_the_runs_that_have_it(study: Any) -> None:
    study.run(seed=0, probes=found(0.3, 0.5, speaker=None))
    study.run(seed=1, probes=found(0.3, 0.5))
    (section,) = sections(study)
    assert section.lines[1].cells[2] == "50.0"


def test_runs_without_probes_have_no_section(study: Any) -> None:
    study.run(probes=None)
    study.run(seed=1)
    assert sections(study) == []
