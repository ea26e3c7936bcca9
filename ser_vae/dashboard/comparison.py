"""The comparison of a project's runs as a W&B report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wandb_workspaces import expr
from wandb_workspaces.reports.v2 import interface as wr

from ser_vae.corpus.utterance import SYNTHETIC
from ser_vae.dashboard import panels


@dataclass(frozen=True)
class Asked:
    """What is compared.

    Attributes:
        entity: user or team on W&B; empty for a report that is only looked at.
        project: of that entity.
        group: a W&B group of runs, of one corpus and protocol.
        protocol: the split, such as random; scores of two are never side by side.
        subsets: the paper's columns, such as improvised.
        policies: label policies other than the headline.
    """

    entity: str
    project: str
    group: str
    protocol: str
    subsets: Sequence[str]
    policies: Sequence[str]


def comparison(asked: Asked) -> wr.Report:
    """Table I, curves of both stages, label policies and leaks, health, pictures, predictions."""
    by_model = grouped(asked, "runs", [])
    each = runs(asked, "runs", [], [])
    return wr.Report(
        entity=asked.entity,
        project=asked.project,
        title=title(asked),
        description="Written by python -m ser_vae.dashboard; write it again after more runs. A bar "
        "is the mean of all runs of a model in the group: filter them where settings differ too.",
        width="fluid",
        blocks=[
            wr.TableOfContents(),
            *table_one(asked),
            *section("Curves of both stages", by_model, panels.curves()),
            *section(
                "What a CVAE is told", by_model, panels.policies(asked.protocol, asked.policies)
            ),
            *section("Leak panel", by_model, panels.leaks()),
            *section("Health of the representation", by_model, panels.health()),
            *section("Pictures", each, panels.pictures()),
            *section("Predictions", each, panels.predictions()),
        ],
    )


def title(asked: Asked) -> str:
    synthetic = (
        f"{SYNTHETIC.partition(':')[0].upper()}. " if asked.group.startswith("demo-") else ""
    )
    return f"{synthetic}Emotion by representation: {asked.group}, {asked.protocol}"


def table_one(asked: Asked) -> Iterable[wr.BlockTypes]:
    """A grid a subset: scores by model, the mean over seeds and its deviation."""
    yield wr.H1("Table I")
    for subset in asked.subsets:
        of_subset = grouped(asked, subset, [expr.Config("choice/data") == subset])
        yield wr.H2(subset)
        yield wr.PanelGrid(runsets=[of_subset], panels=panels.scores(asked.protocol))


def section(name: str, of: wr.Runset, shown: list[wr.PanelTypes]) -> list[wr.BlockTypes]:
    return [wr.H1(name), wr.PanelGrid(runsets=[of], panels=shown)]


def grouped(asked: Asked, name: str, only: list[expr.FilterExpr]) -> wr.Runset:
    return runs(asked, name, only, ["config.choice/model"])


def runs(asked: Asked, name: str, only: list[expr.FilterExpr], groupby: list[str]) -> wr.Runset:
    """The runs of a protocol, with what one wants to know of each beside its name."""
    chosen = [expr.Config("choice/split") == asked.protocol, *only]
    chosen.append(expr.Metric("Group") == asked.group)
    return wr.Runset(
        entity=asked.entity,
        project=asked.project if asked.entity else "",  # both: W&B is asked where they are
        name=name,
        filters=expr.And(*chosen),
        groupby=groupby,
        pinned_columns=[
            f"summary:{asked.protocol}/test/ua",
            "summary:audit/verdict",
            "config:choice/data.value",
            "config:seed.value",
        ],
    )
