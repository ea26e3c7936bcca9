"""Compare runs on Weights & Biases: `python -m ser_vae.dashboard --group iemocap-random`.

Writes a W&B report with Table I, the curves of both stages, label policies, the leak panel, the
health of the representation, pictures and predictions. It needs the extra `dashboard`, an account,
and uploaded runs (logger.wandb.mode=online, or `wandb sync`). Exits with 1 otherwise.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import wandb
from yaml import safe_load  # type: ignore[import-untyped]

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.logger import EPOCH
from ser_vae.run import configure
from ser_vae.settings import conf_dir
from ser_vae.terminal import import_extra, run_command
from ser_vae.training.label_policy import POLICIES

COLUMNS, ROWS = 24, 8  # of W&B's grid: its width, and the height of a panel
MODEL = "choice/model"
DESCRIPTION = """Written by python -m ser_vae.dashboard. A bar is the mean over all runs of a model
in the group: filter the runs where other settings differ, too."""

Section = Mapping[str, Any]  # a heading with the same kind of panel for several keys


def sections(protocol: str, subsets: Sequence[str], policies: Sequence[str]) -> list[Section]:
    """Return the sections of the report; their keys are those that runs log, see dashboard.yaml.

    Args:
        protocol: the split, such as random.
        subsets: the columns of Table I, such as improvised.
        policies: label policies other than the one that the run was made with.
    """
    text = (files("ser_vae") / "dashboard.yaml").read_text("utf-8").replace("PROTOCOL", protocol)
    content = {section["title"]: section for section in safe_load(text)}
    table_one = content.pop("Table I")
    ua = content["Label policies"]["panels"]["UA; the policy of the run first"]
    ua += [f"policies/{name}/{ua[0]}" for name in policies]
    of_subset = [{"title": f"Table I: {d}", "config": {"choice/data": d}} for d in subsets]
    return [*(table_one | each for each in of_subset), *content.values()]


def report(content: Sequence[Section], entity: str, options: argparse.Namespace) -> Any:
    """Build the W&B report with the sections `content`, of the runs that `options` select."""
    expr = import_extra("wandb_workspaces.expr", "dashboard")
    wr = import_extra("wandb_workspaces.reports.v2.interface", "dashboard")
    mean = {"groupby": wr.Config(MODEL), "groupby_aggfunc": "mean", "groupby_rangefunc": "stddev"}

    def panel(section: Section, title: str, keys: Sequence[str]) -> Any:
        # A grid puts its panels side by side.
        layout = wr.Layout(w=COLUMNS // section["across"], h=ROWS)
        match section["kind"]:
            case "bars":
                return wr.BarPlot(title=title, metrics=keys, layout=layout, **mean)
            case "curves":
                return wr.LinePlot(title=title, x=EPOCH, y=keys, layout=layout, **mean)
            case "pictures":
                return wr.MediaBrowser(title=title, media_keys=keys, num_columns=2, layout=layout)
        return wr.WeavePanelSummaryTable(table_name=keys[0], layout=layout)

    def runs(section: Section) -> Any:
        config = {"choice/split": options.protocol, **section["config"]}
        filters = [expr.Config(key) == value for key, value in config.items()]
        columns = ["summary:audit/verdict", "config:choice/data.value", "config:seed.value"]
        return wr.Runset(
            entity=entity,
            project=options.project if entity else "",  # with both, Runset asks W&B for the project
            name="runs",
            filters=expr.And(*filters, expr.Metric("Group") == options.group),
            groupby=[f"config.{MODEL}"] if section["kind"] in ("bars", "curves") else [],
            pinned_columns=[f"summary:{options.protocol}/test/ua", *columns],
        )

    blocks = [wr.TableOfContents()]
    for section in content:
        panels = [panel(section, *item) for item in section["panels"].items()]
        blocks += [wr.H1(section["title"]), wr.PanelGrid(runsets=[runs(section)], panels=panels)]
    about = {"title": title_of(options), "description": DESCRIPTION, "width": "fluid"}
    return wr.Report(entity=entity, project=options.project, blocks=blocks, **about)


def title_of(options: argparse.Namespace) -> str:
    mark = f"{SYNTHETIC.partition(':')[0].upper()}. " if options.group.startswith("demo-") else ""
    return f"{mark}Emotion by representation: {options.group}, {options.protocol}"


def save(content: Sequence[Section], options: argparse.Namespace) -> str:
    """Write the report to W&B and return its address.

    Raises:
        SerVaeError: the extra is missing, or W&B, the account or the project can't be reached.
    """
    try:
        account = str(wandb.Api().default_entity)
        comparison = report(content, options.entity or account, options)
        comparison.save()
    except (wandb.Error, ValueError, OSError) as error:
        raise SerVaeError(
            f"the report can't be written to W&B: {str(error).splitlines()[0]}\n"
            "It needs a network, an account (wandb login) and runs in the project\n"
            "(logger.wandb.mode=online, or wandb sync of their folders). Without W&B: use --print"
        ) from error
    return str(comparison.url)


def main(arguments: Sequence[str] | None = None) -> int:
    project = configure("logger=wandb")["logger"]["wandb"]["project"]
    parser = argparse.ArgumentParser("python -m ser_vae.dashboard", description=__doc__)
    add = parser.add_argument
    add("--entity", help="user or team on W&B (default: that of the account)")
    add("--project", default=project, help="project on W&B (default: %(default)s)")
    add("--group", required=True, help="corpus and protocol of the runs, such as iemocap-random")
    add("--protocol", help="protocol of the scores (default: that of the group)")
    add("--print", action="store_true", help="print a description of the report as JSON instead")
    return run_command(parser, show, arguments)


def show(options: argparse.Namespace) -> None:
    """Write the report to W&B and print its address, or print its description."""
    options.protocol = options.protocol or options.group.rpartition("-")[2]
    subsets = sorted(path.stem for path in (conf_dir() / "data").glob("*.yaml"))
    policies = [name for name in POLICIES if name != "null"]
    content = sections(options.protocol, subsets, policies)
    if options.print:
        about = {"title": title_of(options), **vars(options)}
        print(json.dumps(about | {"sections": content}, indent=1))
    else:
        print(save(content, options))


if __name__ == "__main__":
    sys.exit(main())
