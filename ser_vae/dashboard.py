"""Compare runs on Weights & Biases: `python -m ser_vae.dashboard --group iemocap-random`.

Writes a W&B report with Table I, the curves of both stages, label policies, the leak panel, the
health of the representation, pictures and predictions. It needs the extra `dashboard`, an account,
and runs that were sent (logger.wandb.mode=online, or `wandb sync`). Exits with 1 otherwise.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import Any

import wandb

from ser_vae import SerVaeError
from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.logger import EPOCH, media
from ser_vae.logger.media import PREDICTIONS
from ser_vae.run import configure
from ser_vae.settings import conf_dir
from ser_vae.terminal import run_command
from ser_vae.training.label_policy import POLICIES

COLUMNS, ROWS = 24, 8  # of W&B's grid: its width, and the height of a panel
MODEL = "choice/model"
DESCRIPTION = """Written by python -m ser_vae.dashboard. A bar is the mean over all runs of a model
in the group: filter the runs where other settings differ, too."""

CURVES = {
    "pretraining: loss (squared error; of a VAE + KL), nats per segment": ["pretrain/train/loss"],
    "pretraining: KL, nats per segment": ["pretrain/train/kl"],
    "pretraining: error relative to the variance": ["pretrain/health/relative_error"],
    "classifier: cross-entropy": ["classify/train/loss"],
    "classifier: accuracy on the training set": ["classify/train/accuracy"],
}
LEAKS = {
    "predictions that follow a random label; chance: 1/K": [
        "leak_panel/follows_random_label/share"
    ],
    "a random label decoded from z; chance: 1/K": ["leak_panel/random_label_in_z/share"],
    "UA of the oracle on permuted labels; chance: 1/K": ["leak_panel/permuted_labels/oracle_ua"],
    "UA of the oracle minus that of null": ["leak_panel/oracle_minus_null/difference"],
}
HEALTH = {
    "KL, nats per segment": ["health/kl"],
    "active units": ["health/active_units"],
    "error relative to the variance": ["health/relative_error"],
}
PICTURES = {
    "confusion matrix: a row per true emotion": [media.CONFUSION],
    "KL per latent dimension": [media.KL],
    "latent means of the test utterances: principal components": [media.LATENT_MAP],
    "input and reconstruction": [media.RECONSTRUCTIONS],
    "decoded under each label": [media.SWAPPED],
}


@dataclass(frozen=True)
class Section:
    """A heading with the same kind of panel for several keys.

    Attributes:
        title: the heading.
        kind: "bars" and "curves" show means over the runs of a model, "pictures" and "table" runs.
        panels: title of a panel -> the logged keys that it shows.
        config: settings by which runs are selected, besides group and protocol.
        across: panels in a row.
    """

    title: str
    kind: str
    panels: Mapping[str, Sequence[str]]
    config: Mapping[str, str] = field(default_factory=dict)
    across: int = 2


def sections(protocol: str, subsets: Sequence[str], policies: Sequence[str]) -> list[Section]:
    """Describe the report: all keys in it are ones that runs log.

    Args:
        protocol: the split, such as random.
        subsets: the columns of Table I, such as improvised.
        policies: label policies other than the one that the run was made with.
    """
    ua = f"{protocol}/test/ua"
    table_one = {name: [f"{protocol}/test/{name}"] for name in ("ua", "wa", "macro_f1")}
    by_policy = [ua, *(f"policies/{name}/{ua}" for name in policies)]
    return [
        *(Section(f"Table I: {d}", "bars", table_one, {"choice/data": d}, 3) for d in subsets),
        Section("Curves of both stages", "curves", CURVES),
        Section("Label policies", "bars", {"UA; the policy of the run first": by_policy}, across=1),
        Section("Leak panel", "bars", LEAKS),
        Section("Health of the representation", "bars", HEALTH, across=3),
        Section("Pictures", "pictures", PICTURES, across=1),
        Section("Predictions", "table", {"of each test utterance": [PREDICTIONS]}, across=1),
    ]


def report(content: Sequence[Section], entity: str, options: argparse.Namespace) -> Any:
    """Build the W&B report with the sections `content`, of the runs that `options` select."""
    expr: Any = import_module("wandb_workspaces.expr")  # of an extra
    wr: Any = import_module("wandb_workspaces.reports.v2.interface")
    mean = {"groupby": wr.Config(MODEL), "groupby_aggfunc": "mean", "groupby_rangefunc": "stddev"}

    def panel(section: Section, place: int, title: str, keys: Sequence[str]) -> Any:
        row, column = divmod(place, section.across)
        width = COLUMNS // section.across
        layout = wr.Layout(x=column * width, y=row * ROWS, w=width, h=ROWS)
        match section.kind:
            case "bars":
                return wr.BarPlot(title=title, metrics=keys, layout=layout, **mean)
            case "curves":
                return wr.LinePlot(title=title, x=EPOCH, y=keys, layout=layout, **mean)
            case "pictures":
                return wr.MediaBrowser(title=title, media_keys=keys, num_columns=2, layout=layout)
        return wr.WeavePanelSummaryTable(table_name=keys[0], layout=layout)

    def runs(section: Section) -> Any:
        config = {"choice/split": options.protocol, **section.config}
        filters = [expr.Config(key) == value for key, value in config.items()]
        columns = ["summary:audit/verdict", "config:choice/data.value", "config:seed.value"]
        return wr.Runset(
            entity=entity,
            project=options.project if entity else "",  # with both, Runset asks W&B for the project
            name="runs",
            filters=expr.And(*filters, expr.Metric("Group") == options.group),
            groupby=[f"config.{MODEL}"] if section.kind in ("bars", "curves") else [],
            pinned_columns=[f"summary:{options.protocol}/test/ua", *columns],
        )

    blocks = [wr.TableOfContents()]
    for section in content:
        panels = [panel(section, i, *item) for i, item in enumerate(section.panels.items())]
        blocks += [wr.H1(section.title), wr.PanelGrid(runsets=[runs(section)], panels=panels)]
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
    except ModuleNotFoundError as error:
        raise SerVaeError(
            f"the dashboard needs {error.name}, which is not installed.\n"
            "Install it: pip install 'ser_vae[dashboard]', or print its contents with --print"
        ) from error
    except (wandb.Error, ValueError, OSError) as error:
        raise SerVaeError(
            f"the report can't be written to W&B: {str(error).splitlines()[0]}\n"
            "It needs a network, an account (wandb login) and runs in the project\n"
            "(logger.wandb.mode=online, or wandb sync of their folders). Without: --print"
        ) from error
    return str(comparison.url)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_command(parser(), show, arguments)


def parser() -> argparse.ArgumentParser:
    project = configure("logger=wandb")["logger"]["wandb"]["project"]
    parser = argparse.ArgumentParser("python -m ser_vae.dashboard", description=__doc__)
    add = parser.add_argument
    add("--entity", help="user or team on W&B (default: that of the account)")
    add("--project", default=project, help="on W&B (default: %(default)s)")
    add("--group", required=True, help="of runs: corpus and protocol, such as iemocap-random")
    add("--protocol", help="of the scores (default: that of the group)")
    add("--print", action="store_true", help="print a description of the report as JSON instead")
    return parser


def show(options: argparse.Namespace) -> None:
    """Write the report to W&B and print its address, or print its description."""
    options.protocol = options.protocol or options.group.rpartition("-")[2]
    subsets = sorted(path.stem for path in (conf_dir() / "data").glob("*.yaml"))
    policies = [name for name in POLICIES if name != "null"]
    content = sections(options.protocol, subsets, policies)
    if options.print:
        about = {"title": title_of(options), **vars(options)}
        print(json.dumps(about | {"sections": list(map(asdict, content))}, indent=1))
    else:
        print(save(content, options))


if __name__ == "__main__":
    sys.exit(main())
