"""The report's plain data and the run folders -> one HTML page."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs
from rich.progress import Progress

from ser_vae.report.page.audit import audit
from ser_vae.report.page.escaping import environment
from ser_vae.report.page.explore import Explored, explore
from ser_vae.report.page.pictures import Budget
from ser_vae.report.page.place import Place, Study, places
from ser_vae.report.page.runs import HEADER, NUMBERS, choices, rows
from ser_vae.report.record import Run
from ser_vae.report.section import Line, Report
from ser_vae.terminal import stderr

SCRIPTS = ("state.js", "runs.js", "charts.js", "explore.js")  # each needs those before it
PICTURES = 3_600_000  # characters; with plotly's 4.8 million and all data a page of 10 MB at most

JSON = {"allow_nan": False, "ensure_ascii": False, "separators": (",", ":")}  # as browsers read it
LOUD = re.compile(
    r"†|\b(?:CONFOUNDED|DUPLICATES|HEARD|LEAKS|CONTROL|COLLAPSED|ALARM|SYNTHETIC SPEECH)\b"
)


def page(made: Report, studies: Sequence[Study], runs: Sequence[Run], folder: Path) -> str:
    """The whole page, for a file in `folder`; `runs` as they were read, folds apart.

    Slow where there is much to draw: a bar on stderr says how far it is, where that is a terminal.
    """
    explored = drawn(places(studies, runs), folder)
    scripts = [Markup(text) for text in (get_plotlyjs(), *map(asset, SCRIPTS))]
    table = rows(runs)
    return (
        templates()
        .get_template("page.jinja")
        .render(
            title=folder.resolve().name,
            report=made,
            audits=[audit(*study) for study in studies],
            runs=table,
            states=states(runs),
            choices=choices(table),
            header=HEADER,
            numbers=NUMBERS,
            places=explored,
            charts=[place.charts for place in explored],
            synthetic=any(run.result and run.result.synthetic for run in runs),
            style=Markup(asset("page.css")),
            scripts=scripts,
            policy=policy(scripts),
        )
        + "\n"
    )


def templates() -> Environment:
    made = environment("ser_vae.report.page")
    made.filters |= {"loud": loud, "heads": heads}
    made.policies["json.dumps_kwargs"] = JSON
    return made


def loud(text: str) -> Markup:
    """The words that a score must not be read without, set in bold."""
    return Markup(LOUD.sub(lambda found: f"<strong>{found[0]}</strong>", str(escape(text))))


def heads(lines: Sequence[Line]) -> list[str]:
    """The first cell of each line; where it is empty, that of the line it goes on."""
    found: list[str] = []
    for line in lines:
        found.append(line.cells[0] or (found[-1] if found else ""))
    return found


def states(runs: Sequence[Run]) -> dict[str, int]:
    found = [run.state for run in runs]
    return {state: found.count(state) for state in dict.fromkeys(sorted(found))}


def drawn(found: Sequence[Place], folder: Path) -> list[Explored]:
    budget = Budget(PICTURES)
    steps = sum(2 * len(place.cells) + 1 for place in found)
    with progress(steps) as step:
        return [explore(place, folder, budget, step) for place in found]


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """A function to be told what is worked on next."""
    console = stderr()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("report.html", total=steps)
        yield lambda what: bar.update(task, advance=1, description=what)


def asset(name: str) -> str:
    return (files("ser_vae.report.page") / name).read_text(encoding="utf-8")


def policy(scripts: Sequence[str]) -> str:
    """No request to any network, and no script but these: a browser refuses everything else.

    plotly writes style attributes, hence 'unsafe-inline'; sound may come from files beside.
    """
    allowed = " ".join(f"'sha256-{digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src file: 'self'; base-uri 'none'; form-action 'none'"
    )


def digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
