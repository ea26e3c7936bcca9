"""What a run says beside its scores is read where it is, and missed where it is not."""

from pathlib import Path
from typing import Any

import pytest

from ser_vae.evaluation.predictions import pooled
from ser_vae.report.collect import collect
from ser_vae.report.findings import Audit, Probe, Share

AUDIT = {
    "verdict": "SHARED",
    "sentence": "8 of 10",
    "adjacent_turns": 3,
    "duplicates": 1,
    "speaker_lookup": {"ua": 0.3, "wa": 0.4},
    "shared": {"speakers": None},
}


def findings(study: Any) -> Any:
    (run,) = study.runs
    (found,) = run.result.findings
    return found


def test_a_run_older_than_all_of_it_is_read_without(study: Any) -> None:
    study.run()
    found = findings(study)
    assert (found.audit, found.leak_panel, found.health) == (None, None, None)
    assert (found.probes, found.policies, found.predictions) == ({}, {}, None)
    assert found.lost == ("predictions.csv",)


def test_a_run_that_has_nothing_to_say_of_a_representation_is_read_without(study: Any) -> None:
    study.run(health=None, probes=None, leak_panel=None, audit=AUDIT)
    found = findings(study)
    assert (found.leak_panel, found.health, found.probes) == (None, None, {})
    assert found.audit == Audit("SHARED", "8 of 10", 3, 1, {"ua": 0.3, "wa": 0.4})


def test_panel_health_and_probes_are_read(study: Any, sick: Any) -> None:
    share = {"share": 0.5, "low": 0.4, "high": 0.6, "chance": 0.25, "utterances": 9}
    panel = {
        "follows_random_label": share,
        "random_label_in_z": share | {"share": 0.55},
        "permuted_labels": {"null_ua": 0.2, "oracle_ua": 0.3, "chance": 0.25},
    }
    probe = {"score": 0.5, "chance": 0.1, "utterances": 9}
    probes = {"latents": {"emotion": probe, "sex": None}, "logmel": {"emotion": probe}}
    study.run(leak_panel=panel, health=sick(kl=3.5), probes=probes)
    found = findings(study)
    assert found.leak_panel.follows == Share(0.5, 0.4, 0.6, 0.25)
    assert found.leak_panel.in_z.share == 0.55
    assert found.leak_panel.permuted["oracle_ua"] == 0.3
    assert (found.health.kl, found.health.latent, found.health.collapsed) == (3.5, 128, False)
    assert found.probes["latents"] == {"emotion": Probe(0.5, 0.1), "sex": None}


def test_predictions_and_policies_are_read_from_their_files(study: Any, heard: Any) -> None:
    said = {"null": heard(0.5), "oracle": heard(0.9, order=1)}
    study.run("model=cvae", said=said["null"], policies=said)
    found = findings(study)
    assert found.predictions.utterance == said["null"].utterance
    assert list(found.policies) == ["null", "oracle"]
    assert found.policies["oracle"].predictions.guess.tolist() == said["oracle"].guess.tolist()
    assert found.policies["oracle"].calibration == {"nll": 0.875, "ece": 0.0625}
    assert [own.leaks for own in found.policies.values()] == [False, True]
    assert found.lost == ()


def test_files_that_are_gone_are_named_and_the_rest_is_read(study: Any, heard: Any) -> None:
    said = {"null": heard(0.5), "elbo+lstm": heard(0.6)}
    folder = study.run("model=cvae", said=said["null"], policies=said)
    (folder / "policies" / "elbo+lstm.csv").unlink()
    found = findings(study)
    assert (list(found.policies), found.lost) == (["null"], ("policies/elbo+lstm.csv",))


@pytest.mark.parametrize("file", ["predictions.csv", "policies/null.csv"])
def test_predictions_that_are_cut_off_are_named(study: Any, heard: Any, file: str) -> None:
    study.run(seed=1)
    folder = study.run("model=cvae", said=heard(0.5), policies={"null": heard(0.5)})
    (folder / file).write_text((folder / file).read_text()[:-20])
    runs, unreadable = collect(study.folder)
    assert len(runs) == 1
    assert list(unreadable.values()) == [f"{Path(file).name} is not as a run writes it"]


@pytest.mark.parametrize("key", ["audit", "leak_panel", "health", "probes"])
def test_a_key_that_is_not_as_a_run_writes_it_is_named(study: Any, key: str) -> None:
    study.run(seed=1)
    study.run(seed=0, **{key: {"of": "another program"}})
    _, unreadable = collect(study.folder)
    assert "metrics.json is not as a run writes it: KeyError" in "".join(unreadable.values())


def test_folds_together_keep_every_utterance_in_its_order(heard: Any) -> None:
    folds = [heard(0.5, speakers=range(0, 6)), heard(0.5, speakers=range(6, 12))]
    joined = pooled(folds)
    assert joined.utterance == folds[0].utterance + folds[1].utterance
    assert joined.probability.shape == (120, 2)
    assert joined.guess.tolist() == [*folds[0].guess, *folds[1].guess]
