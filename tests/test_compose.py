"""command.txt holds the command that makes a run again, however its configuration came about."""

import shlex
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import hydra
import pytest
from run_files import folders

from ser_vae.command_errors import quote_override, quoted
from ser_vae.compose import OverrideError, command_line, configure

PLACES = ("runs", "cache", "jobs", "progress", "force", "debug")
OWN_MODEL = "defaults: [vae]\nhidden: [8]\nlatent: 3\nbeta: 0.5\n"

Config = dict[str, Any]


def arguments(text: str) -> tuple[list[str], str | None]:
    """Split a command into its overrides and its --config-dir."""
    python, m, module, *overrides = shlex.split(text)
    assert (python, m, module) == ("python", "-m", "ser_vae.run")
    if overrides[0] == "--config-dir":
        return overrides[2:], overrides[1]
    return overrides, None


def replayed(text: str) -> Config:
    overrides, config_dir = arguments(text)
    return configure(*overrides, config_dir=config_dir)


def portable(config: Config) -> Config:
    """Leave out what is of this machine only."""
    kept = {key: value for key, value in config.items() if key not in PLACES}
    return {**kept, "corpus": {**kept["corpus"], "root": None, "cache": None}}


@pytest.fixture
def own_options(tmp_path) -> Path:
    (tmp_path / "own options" / "model").mkdir(parents=True)
    (tmp_path / "own options" / "model" / "mine.yaml").write_text(OWN_MODEL)
    return tmp_path / "own options"


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("model=cvae", "data=improvised", "corpus=demo", "jobs=2"),
        ("corpus=iemocap", "split=session", "fold=all", "label_policy=elbo+lstm"),
        ("trainer=[cpu,ddp]", "logger=[csv,tensorboard]", "training=as_printed"),
        ("+experiment=strong", "logger=none", "features=logmel_lld"),
        ("model=utterance_vae", "training.pretrain.optimizer.lr=1e-5"),
        ("corpus=folder", "corpus.csv='a list, of \"mine\".csv'", r"corpus.name='it\'s'"),
    ],
)
def test_the_command_of_composed_overrides_gives_an_equal_configuration(overrides):
    config = configure(*overrides)
    assert portable(replayed(command_line(config))) == portable(config)


TEXTS = ("it's", 'say "yes"', "a, b = c", "C:\\data\\", "null", "3", "1e5", " x ", "", "größe")
DEMO = configure("corpus=demo")["corpus"]
REORDERED = {"emotions": dict(sorted(DEMO["emotions"].items(), reverse=True))}


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 3},
        {"training.pretrain.optimizer.betas": [0.8, 0.99]},
        {"corpus.emotions": {"ang": "angry", "very sad": "sad, or so", "01": "neutral"}},
        {"corpus.name": {"ang": "angry"}, "corpus.csv": None},
        {"choice.corpus": "demo", "corpus": DEMO | REORDERED},  # the order counts
        {"model": {"_target_": "own_package.Linear", "latent": 8, "empty": {}}},
        {"logger": {}},
        {"corpus.weights": {0: 1.0, 1: 2.0}},
        {"corpus.texts": list(TEXTS)},
        {f"corpus.text_{number}": text for number, text in enumerate(TEXTS)},
    ],
)
def test_the_command_of_a_changed_dict_gives_the_changed_configuration(changes):
    config = configure("corpus=folder", "model=cvae", "corpus.csv=list.csv")
    for key, value in changes.items():
        *groups, last = key.split(".")
        reduce(dict.__getitem__, groups, config)[last] = value
    again = replayed(command_line(config))
    assert portable(again) == portable(config)
    emotions = [list(each["corpus"].get("emotions", ())) for each in (again, config)]
    assert emotions[0] == emotions[1]


@pytest.mark.parametrize("value", ["'", "\\'", "\\", "a\\\\'b", "[x]", "{a:b}", "~", "a\nb", "é"])
def test_every_text_is_quoted_so_that_hydra_reads_it_back(value):
    assert configure(f"corpus.name={quoted(value)}", "corpus=folder")["corpus"]["name"] == value


@pytest.mark.parametrize(
    "root", ["/data/a,b", "/data/it's", "/data/it's, all", '/data/a"b', "/data/$a `b`", "~/c (1)"]
)
@pytest.mark.parametrize("quotes", ["", "'"])
def test_an_override_quoted_for_a_shell_gives_the_value(root, quotes):
    (word,) = shlex.split(quote_override(f"corpus.root={quotes}{root}{quotes}"))
    assert configure("corpus=folder", word)["corpus"]["root"] == root


def test_options_of_a_folder_of_ones_own_are_named_with_the_folder(own_options):
    config = configure("model=mine", "seed=1", config_dir=own_options)
    configure("model=cvae", "seed=2")  # a later one does not count
    text = command_line(config)
    assert arguments(text)[1] == config["choice"]["config_dir"] == str(own_options)
    assert replayed(text) == config
    assert replayed(text)["model"]["beta"] == 0.5


def test_the_command_line_leaves_an_equal_command(command, noise_command, own_options, tmp_path):
    mine = ("model=mine", "training.pretrain.epochs=1", "corpus.name=two")
    done = command("--config-dir", str(own_options), *noise_command, *mine)
    assert done.returncode == 0, done.stderr
    (folder,) = folders(tmp_path / "runs")
    expected = configure(*noise_command, *mine, config_dir=own_options)
    text = (folder / "command.txt").read_text()
    assert str(tmp_path / "runs") not in text
    assert portable(replayed(text)) == portable(expected)


@pytest.fixture
def other_hydra(tmp_path) -> Iterator[None]:
    """Hydra as another library has initialised it, with its own configuration."""
    (tmp_path / "other.yaml").write_text("size: 1\n")
    with hydra.initialize_config_dir(str(tmp_path), version_base="1.2"):
        yield


@pytest.mark.usefixtures("other_hydra")
def test_a_configuration_is_composed_beside_another_librarys():
    for _ in range(2):
        assert configure("model=ae")["choice"]["model"] == "ae"
        assert hydra.compose("other", ["size=2"]) == {"size": 2}


@pytest.mark.usefixtures("other_hydra")
def test_a_typo_is_answered_as_on_the_command_line(command):
    with pytest.raises(OverrideError) as raised:
        configure("model=cave")
    done = command("model=cave")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"error: {raised.value}\n")
    assert hydra.compose("other") == {"size": 1}


def test_a_file_that_is_no_yaml_is_named_with_its_line(own_options, command):
    file = own_options / "model" / "mine.yaml"
    file.write_text("_target_: ser_vae.model.vae.VAE\nhidden:\n\t- 3\n")
    with pytest.raises(OverrideError) as raised:
        configure("model=mine", config_dir=own_options)
    assert f"{file}, line 3: found character" in str(raised.value)
    done = command("--config-dir", str(own_options), "model=mine")
    assert done.stderr == f"error: {raised.value}\n"
