"""The comparison on W&B: made without an account, of keys that runs really log."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
import wandb_files as read_back

from ser_vae.configuration import conf_dir
from ser_vae.dashboard.__main__ import main

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style:DeprecationWarning")  # theirs

OWN = "ser_vae.dashboard"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    group = () if "--group" in arguments else ("--group", "demo-random")
    assert main(["--print", *group, *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON document, in order."""
    if isinstance(node, dict):
        yield node
        yield from (found for value in node.values() for found in walk(value))
    elif isinstance(node, list):
        yield from (found for value in node for found in walk(value))


def panels(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [node["config"] for node in walk(report) if node.get("viewType") == kind]


def metric_keys(report: dict[str, Any]) -> set[str]:
    lines, bars = panels(report, "Run History Line Plot"), panels(report, "Bar Chart")
    assert lines
    assert bars
    axes = {panel["xAxis"] for panel in lines}
    return axes | {key for panel in [*lines, *bars] for key in panel["metrics"]}


def media_keys(report: dict[str, Any]) -> set[str]:
    shown = {key for panel in panels(report, "Media Browser") for key in panel["mediaKeys"]}
    assert shown
    return shown


def table_keys(report: dict[str, Any]) -> set[str]:
    """Of the panels that show a table: names inside W&B's query."""
    found = {
        node["val"]
        for panel in panels(report, "Weave")
        for node in walk(panel)
        if node.get("nodeType") == "const" and node["type"] == "string"
    }
    assert found
    return found


def config_keys(report: dict[str, Any]) -> set[str]:
    """By which runs are filtered and grouped, and what stands beside their names."""
    keys = {
        node["name"].removesuffix(".value")
        for node in walk(report)
        if node.get("section") == "config"
    }
    keys |= {p["groupBy"].removesuffix(".value") for p in panels(report, "Bar Chart")}
    columns = {c for node in walk(report) if "columnOrder" in node for c in node["columnOrder"]}
    assert columns
    return keys | {
        c.removeprefix("config:").removesuffix(".value") for c in columns if c.startswith("config:")
    }


def test_every_number_in_a_panel_is_logged_by_a_run(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its history: W&B draws what was logged, and its table what the summary holds."""
    found = read_back.records(recorded)
    report = printed(capsys)
    assert metric_keys(report) <= read_back.logged_keys(found)
    columns = {c for node in walk(report) if "columnOrder" in node for c in node["columnOrder"]}
    summaries = {c.removeprefix("summary:") for c in columns if c.startswith("summary:")}
    assert summaries
    assert summaries <= set(read_back.summary(found))


def test_every_picture_and_table_is_logged_by_a_run(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged = read_back.logged_keys(read_back.records(recorded))
    media = {key.removesuffix("/_type") for key in logged if key.endswith("/_type")}
    report = printed(capsys)
    assert table_keys(report) == {"media/predictions"}
    assert media_keys(report) | table_keys(report) == media


def test_runs_are_filtered_and_grouped_by_settings_that_they_have(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = config_keys(printed(capsys))
    assert keys >= {"choice/model", "choice/data", "choice/split", "seed"}
    assert keys <= set(read_back.config(read_back.records(recorded)))


def test_a_key_that_no_run_logs_is_noticed(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scores of a protocol that the recorded run does not have."""
    missing = metric_keys(printed(capsys, "--protocol", "session")) - read_back.logged_keys(
        read_back.records(recorded)
    )
    assert {"session/test/ua", "session/test/wa", "session/test/macro_f1"} <= missing


def test_table_one_has_a_grid_a_subset_and_the_leak_panel_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = printed(capsys)
    headings = [b["children"][0]["text"] for b in report["blocks"] if b["type"] == "heading"]
    subsets = sorted(path.stem for path in (conf_dir() / "data").glob("*.yaml"))
    assert headings[: 1 + len(subsets)] == ["Table I", *subsets]
    assert "Leak panel" in headings
    filters = json.dumps([node for node in walk(report) if "filterFormat" in node])
    assert all(f'"{subset}"' in filters for subset in subsets)


def test_project_and_group_are_those_that_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed(capsys)["project"] == "ser_vae"  # of conf/logger/wandb.yaml
    report = printed(capsys, "--project", "mine", "--group", "iemocap-random")
    assert report["project"] == "mine"
    runsets = [node for node in walk(report) if "filterFormat" in node]
    assert all('"iemocap-random"' in json.dumps(runset) for runset in runsets)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["--group", "demo-random", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") <= 3
    return said


def test_without_an_account_it_says_what_it_would_need(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    said = refused(capsys, "--entity", "somebody")
    assert "wandb login" in said
    assert "--print" in said


def test_without_a_network_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(**_: Any) -> None:
        raise wandb.errors.CommError("no route to host")

    monkeypatch.setattr(wandb, "Api", unreachable)
    assert "no route to host" in refused(capsys)


def test_without_the_extra_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        n
        for n in sys.modules
        if n.startswith(("wandb_workspaces", f"{OWN}.comparison", f"{OWN}.panels"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    assert "ser_vae[dashboard]" in refused(capsys, "--print")
