"""A stranger's run folder is data: nothing in it is run, unless it is said to be trusted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ser_vae.listen.__main__ import main
from ser_vae.listen.trust import outsiders
from ser_vae.run import configure

HOSTILE = ("os.mkdir", "os:mkdir", "ser_vae.run.os.mkdir", "ser_vae.run:os.mkdir")


@pytest.fixture
def config() -> dict[str, Any]:
    return configure("corpus=urdu", "model=cvae")


def run_folder(folder: Path, config: Any) -> Path:
    """As little of a finished run as the decision needs."""
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "metrics.json").write_text("{}")
    return folder


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("group", ["model", "corpus", "features", "split", "classifier"])
def test_code_that_a_configuration_names_is_not_run(
    tmp_path: Path,
    config: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    group: str,
    target: str,
) -> None:
    made = tmp_path / "made"
    folder = run_folder(tmp_path / "run", config | {group: {"_target_": target, "path": str(made)}})
    assert main([str(folder)]) == 1
    assert f"from outside ser_vae: {group}: {target}.\n" in (said := capsys.readouterr().err)
    assert "--trust" in said
    assert not made.exists()


def test_trusted_it_is_run(tmp_path: Path, config: dict[str, Any]) -> None:
    """Which also shows that the test above would notice."""
    made, corpus = tmp_path / "made", {"_target_": "os.mkdir"}
    folder = run_folder(tmp_path / "run", config | {"corpus": corpus | {"path": str(made)}})
    with pytest.raises(AttributeError):  # the folder is made; it is no corpus
        main([str(folder), "--trust"])
    assert made.exists()


def test_a_model_below_a_model_is_looked_at_too(config: dict[str, Any]) -> None:
    config["model"] = {**config["model"], "below": [{"egemaps": {"_target_": "os.system"}}]}
    assert outsiders(config) == ["model: os.system"]


@pytest.mark.parametrize("group", ["m" * 300, "../conf/model", "", "."])
def test_a_group_that_is_none_has_no_option(config: dict[str, Any], group: str) -> None:
    config[group] = config["model"]
    target = config["model"]["_target_"]
    assert outsiders(config) == [f"{group}: {target}"]


def test_a_target_of_another_group_is_outside(config: dict[str, Any]) -> None:
    """Every option is called as its own group's: the logger would be opened as a corpus."""
    config["corpus"] = {"_target_": "ser_vae.logger.wandb.open_run"}
    config["../conf/model"] = {"_target_": "ser_vae.model.vae.VAE"}
    config["split"] = {"_target_": ["ser_vae.split.random.folds"]}
    assert sorted(outsiders(config)) == [
        "../conf/model: ser_vae.model.vae.VAE",
        "corpus: ser_vae.logger.wandb.open_run",
        "split: ['ser_vae.split.random.folds']",
    ]


@pytest.mark.parametrize(
    "options",
    [
        ("model=joined", "logger=[wandb,csv,tensorboard]"),
        ("model=utterance_vae", "split=speaker", "features=logmel_lld"),
        ("model=handcrafted_svm", "classifier=functionals", "corpus=demo", "split=file"),
    ],
)
def test_every_option_of_this_package_is_its_own(options: tuple[str, ...]) -> None:
    assert outsiders(configure(*options)) == []


def test_a_tag_in_the_yaml_runs_nothing(
    tmp_path: Path, config: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, made = run_folder(tmp_path / "run", config), tmp_path / "made"
    with (folder / "config.yaml").open("a") as file:
        file.write(f"seed: !!python/object/apply:os.mkdir ['{made}']\n")
    assert main([str(folder)]) == 1
    assert "no run folder" in capsys.readouterr().err
    assert not made.exists()


def test_what_the_environment_holds_is_not_read_out(
    tmp_path: Path,
    config: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY", "top-secret")
    config["corpus"]["root"] = "${oc.env:A_KEY}"
    assert main([str(run_folder(tmp_path / "run", config))]) == 1
    said = capsys.readouterr().err
    assert "${oc.env:A_KEY} is not a folder" in said
    assert "top-secret" not in said


@pytest.mark.parametrize(
    "text", ["a: &a {b: *a}", "seed: 99-99-9999\nx: 2001-99-99", "\x00", "[" * 99]
)
def test_a_configuration_that_no_run_writes_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    folder = run_folder(tmp_path / "run", {})
    (folder / "config.yaml").write_text(text)
    assert main([str(folder)]) == 1
    assert "no run folder" in capsys.readouterr().err
