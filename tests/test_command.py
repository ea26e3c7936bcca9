"""A run keeps the command that makes it again."""

import shlex
from pathlib import Path

import pytest
from run_files import folders

from ser_vae.run import command, configure, run

SMALL = ("model=ae", "model.hidden=[16]", "model.latent=4", "training.pretrain.epochs=1", "seed=3")


def test_the_command_that_a_run_keeps_makes_it_again(
    noise_command: list[str], noises: Path, cache: Path, tmp_path: Path
) -> None:
    run(configure(*noise_command, *SMALL))
    (folder,) = folders(tmp_path / "runs")
    said = (folder / "command.txt").read_text()
    assert str(tmp_path) not in said
    assert str(noises) not in said
    python, m, module, *overrides = shlex.split(said)
    assert (python, m, module) == ("python", "-m", "ser_vae.run")
    assert set(SMALL) <= set(overrides)
    elsewhere = tmp_path / "elsewhere"
    places = (f"corpus.root={noises}", f"cache={cache}", f"runs={elsewhere}")
    run(configure(*overrides, *places))
    (again,) = folders(elsewhere)
    assert again.name == folder.name
    assert (again / "predictions.csv").read_bytes() == (folder / "predictions.csv").read_bytes()


def test_the_corpus_is_named_where_it_was_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IEMOCAP_ROOT", raising=False)
    configure("model=majority", "jobs=2")
    assert command() == "python -m ser_vae.run corpus=demo model=majority"
