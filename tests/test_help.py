"""Help, versions and the list of commands, as a newcomer meets them."""

import sys
from importlib.util import find_spec

import pytest

from ser_vae import __main__ as commands
from ser_vae import __version__, run
from ser_vae.compose import GROUPS, configure
from ser_vae.help import help_text
from ser_vae.settings import conf_dir, dotted_keys


def test_the_help_of_run_knows_the_users_own_options(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("defaults: [vae]\n")
    assert "# model=" in help_text(["--config-dir", str(tmp_path), "model=mine"], "")


@pytest.mark.parametrize(
    ("options", "comment"),
    [
        (["model=cvae"], "beta: 1.0  # weight of the KL term"),
        (["model=logmel_svm", "corpus=joined"], "tune: false             # true: kernel, C"),
    ],
)
def test_the_help_of_run_names_every_option_and_setting_with_its_comment(options, comment):
    text, config = help_text([*options, "-m"], run.__doc__), configure(*options)
    described = {"_target_", "choice", "config_dir", *GROUPS, "wandb", *config["logger"]["wandb"]}
    names = {key.rpartition(".")[2] for key in dotted_keys(config)} - described - {"logger"}
    assert not {name for name in names if f"{name}:" not in text}
    assert comment in text
    assert f"# {options[0]}:" in text
    for group in (*GROUPS, "trainer", "logger", "experiment"):
        options = sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))
        assert f"# {group}={' | '.join(options)}\n" in text


@pytest.mark.parametrize("main", [commands.main, run.start])
def test_the_version_is_that_of_ser_vae(main, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ser-vae", "--version"])
    main()
    assert capsys.readouterr().out == f"ser_vae {__version__}\n"


def test_without_a_command_the_commands_are_listed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ser-vae"])
    commands.main()
    text = capsys.readouterr().out
    for name in commands.COMMANDS:
        assert f"  {name} " in text
        assert find_spec(f"ser_vae.{name}"), name


def test_an_unknown_command_is_an_error_with_the_list(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ser-vae", "predikt"])
    with pytest.raises(SystemExit, match="predikt: no such command"):
        commands.main()


def test_a_command_is_done_as_its_module_would_do_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ser-vae", "report", "--help"])
    monkeypatch.delitem(sys.modules, "ser_vae.report.__main__", raising=False)  # of other tests
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 0
    assert "report.md" in capsys.readouterr().out
