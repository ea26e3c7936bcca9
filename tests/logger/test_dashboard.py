"""The comparison on W&B: made without an account, of keys that runs really log."""

import argparse
import json
import sys
from typing import Any

import pytest
import wandb

from ser_vae import dashboard
from ser_vae.settings import conf_dir

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style:DeprecationWarning")  # theirs


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert dashboard.main(["--print", "--group", "demo-random", *arguments]) == 0
    description: dict[str, Any] = json.loads(capsys.readouterr().out)
    return description


def keys(description: dict[str, Any]) -> set[str]:
    panels = [panel for section in description["sections"] for panel in section["panels"].values()]
    return {key for panel in panels for key in panel}


def test_every_key_in_a_panel_is_logged_by_a_run(recorded, capsys):
    run, _ = recorded
    panel_keys = keys(printed(capsys))
    assert panel_keys <= set(run.logged)
    assert {name for name in run.logged if name.startswith("media/")} <= panel_keys
    assert {key for s in printed(capsys)["sections"] for key in s["config"]} <= set(run.config)
    assert "session/test/ua" in keys(printed(capsys, "--protocol", "session")) - set(run.logged)


def test_table_one_has_a_section_per_subset(capsys):
    description = printed(capsys, "--project", "mine")
    subsets = sorted(path.stem for path in (conf_dir() / "data").glob("*.yaml"))
    sections = {s["title"]: s["config"] for s in description["sections"]}
    assert [c["choice/data"] for title, c in sections.items() if "Table I" in title] == subsets
    assert "Leak panel" in sections
    assert (description["project"], description["protocol"]) == ("mine", "random")
    assert description["title"].startswith("SYNTHETIC")


def test_a_wandb_report_is_made_of_every_panel():
    options = argparse.Namespace(project="p", group="demo-random", protocol="random")
    content = dashboard.sections("random", ["complete"], ["oracle"])
    report = dashboard.report(content, "", options)  # with an entity, W&B is asked for the project
    grids = [block.panels for block in report.blocks if hasattr(block, "panels")]
    assert list(map(len, grids)) == [len(section["panels"]) for section in content]


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    assert dashboard.main(["--group", "demo-random", "--entity", "somebody"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert message.count("\n") <= 3
    return message


def test_without_an_account_the_error_says_what_is_needed(capsys, monkeypatch):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", "/nowhere")
    message = error_of(capsys)
    assert "wandb login" in message
    assert "--print" in message


def test_without_the_extra_the_error_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setattr(wandb, "Api", type("Account", (), {"default_entity": "me"}))
    for name in [name for name in sys.modules if name.startswith("wandb_workspaces")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    assert "ser_vae[dashboard]" in error_of(capsys)
