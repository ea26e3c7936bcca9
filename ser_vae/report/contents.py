"""Load the texts of the report that do not depend on any run, and render its templates.

TABLE_I holds the accuracies of Latif et al., Interspeech 2018 (arXiv:1712.08708), in %.
"""

from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from yaml import safe_load  # type: ignore[import-untyped]

CONTENTS: dict[str, Any] = safe_load((files("ser_vae.report") / "report.yaml").read_text("utf-8"))
LIMITS: dict[str, int] = CONTENTS["limits"]

CORPUS = "iemocap"  # of the paper
TABLE_I: dict[str, dict[str, float]] = CONTENTS["table_one"]  # subset -> model -> accuracy
SUBSETS = tuple(TABLE_I)  # its rows
MODELS = tuple(TABLE_I["complete"])  # its columns, each followed by an LSTM


def heading(model: str) -> str:
    """Return the name of a model as in tables: the models of the paper in capitals."""
    return model.upper() if model in MODELS else model


def render_template(name: str, values: dict[str, Any]) -> str:
    """Return the text of a template; in HTML, every value is escaped.

    Each other format has a filter of its name, such as `markdown`, to escape special characters.
    """
    form: dict[str, Any] = {"loader": PackageLoader("ser_vae.report"), "undefined": StrictUndefined}
    form |= {"autoescape": name.endswith(".html"), "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(**form)
    environment.filters |= {form: partial(escape, form) for form in CONTENTS["escapes"]}
    return environment.get_template(f"{name}.jinja").render(values)


def escape(form: str, text: object) -> str:
    return str(text).translate({ord(s): code for s, code in CONTENTS["escapes"][form].items()})
