"""Write the comparison of a project's runs to Weights & Biases: `python -m ser_vae.dashboard`.

A report with Table I, the curves of both stages, confusion matrices and other pictures, KL by
dimension, label policies and the leak panel. It needs the extra `dashboard`, an account, and runs
that were sent (`logger.wandb.mode=online`, or `wandb sync` of their folders). Ends with 1 without.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import wandb

from ser_vae import SerVaeError
from ser_vae.configuration import conf_dir
from ser_vae.run import configure

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2 import interface as wr

TIMEOUT_S = 20  # for W&B to answer


def main(arguments: Sequence[str] | None = None) -> int:
    config = configure("logger=wandb")
    parser = argparse.ArgumentParser(
        prog="python -m ser_vae.dashboard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    project, protocol = config["logger"]["wandb"]["project"], config["choice"]["split"]
    parser.add_argument("--entity", help="user or team on W&B (default: that of the account)")
    parser.add_argument("--project", default=project, help=f"on W&B (default: {project})")
    parser.add_argument(
        "--group",
        required=True,
        help="of runs, a corpus and a protocol: iemocap-random. Other scores are not averaged",
    )
    parser.add_argument(
        "--protocol",
        default=protocol,
        choices=options("split"),
        help=f"scores of two are not compared (default: {protocol})",
    )
    parser.add_argument(
        "--print", action="store_true", help="print the report as JSON instead; needs no account"
    )
    try:
        dashboard(parser.parse_args(arguments), config["label_policy"])
    except SerVaeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def dashboard(asked: argparse.Namespace, headline: str) -> None:
    """Print or save the comparison.

    Raises:
        SerVaeError: the extra is missing; W&B, an account or the project can't be reached.
    """
    if asked.print:
        print(json.dumps(as_json(made(asked, "", headline)), indent=1))
        return
    own = account()
    entity = asked.entity or own
    save(made(asked, entity, headline), entity, asked.project)


def made(asked: argparse.Namespace, entity: str, headline: str) -> "wr.Report":
    try:
        from ser_vae.dashboard.comparison import Asked, comparison  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SerVaeError(
            f"the dashboard needs {error.name}, which is not installed.\n"
            "Install it: pip install 'ser_vae[dashboard]'"
        ) from error
    from ser_vae.training.encode import POLICIES  # noqa: PLC0415  (torch)

    return comparison(
        Asked(
            entity,
            asked.project,
            asked.group,
            asked.protocol,
            options("data"),
            [name for name in POLICIES if name != headline],
        )
    )


def options(group: str) -> list[str]:
    """What conf/ has of a group."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def account() -> str:
    """The entity of who is logged in."""
    try:
        return str(wandb.Api(timeout=TIMEOUT_S).default_entity)
    except wandb.Error as error:
        raise SerVaeError(
            f"W&B is not reached: {str(error).splitlines()[0]}\n"
            "It needs an account and a network: wandb login. Without: --print"
        ) from error


def save(report: "wr.Report", entity: str, project: str) -> None:
    try:
        report.save()
    except (wandb.Error, ValueError, OSError) as error:
        raise SerVaeError(
            f"the report can't be written to {entity}/{project}: {str(error).splitlines()[0]}\n"
            "It needs runs there: logger.wandb.mode=online, or wandb sync of their folders."
        ) from error
    print(report.url)


def as_json(report: "wr.Report") -> dict[str, Any]:
    """As W&B would be sent it."""
    model = report._to_model()  # type: ignore[no-untyped-call]
    spec: dict[str, Any] = json.loads(model.spec.model_dump_json(by_alias=True, exclude_none=True))
    return {"title": report.title, "project": report.project, **spec}


if __name__ == "__main__":
    sys.exit(main())
