"""Build the documentation in site/, offline: `python build_docs.py`.

Three kinds of pages below docs/ are generated first: every option, from conf/ and the types of
`ser_vae.settings`; the help of every command; and the notebooks. Zensical then stops at a warning,
such as a link to a page or heading that does not exist. No page may load anything from a network.
"""

import contextlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from ser_vae.__main__ import COMMANDS
from ser_vae.settings import COMPONENTS, Data, Settings, Trainer, Training

ROOT = Path(__file__).parent
CONF, DOCS, SITE = ROOT / "conf", ROOT / "docs", ROOT / "site"
GROUPS = {  # in the order of conf/config.yaml
    "corpus": None,
    "features": None,
    "split": None,
    "data": Data,
    "model": None,
    "classifier": None,
    "training": Training,
    "trainer": Trainer,
    "logger": None,
}
Comments = dict[str, str]  # dotted key -> its comment


def main() -> int:
    write("reference/options.md", "\n".join(options_page()))
    write("reference/commands.md", "\n".join(commands_page()))
    for path in sorted((DOCS / "notebooks").glob("*.ipynb")):
        write(f"notebooks/{path.stem}.md", "\n\n".join(notebook_page(path)))
    build = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if code := subprocess.run(build, cwd=ROOT, check=False).returncode:
        return code
    if urls := {url for path in SITE.rglob("*.html") for url in loaded_urls(path)}:
        print(f"error: pages load from elsewhere: {', '.join(sorted(urls))}", file=sys.stderr)
        return 1
    print(f"open {SITE}/index.html; with a search: python -m http.server --directory {SITE.name}")
    return 0


def loaded_urls(page: Path) -> list[str]:
    """List what a browser would load from a network to show a page; links do not count."""
    tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", page.read_text(encoding="utf-8"))
    return [url for tag in tags for url in re.findall(r'(?:src|href)="?(https?:[^" >]+)', tag)]


def write(name: str, text: str) -> None:
    (DOCS / name).write_text(f"{text}\n", encoding="utf-8")


def options_page() -> Iterator[str]:
    """Yield the lines of the page of all options."""
    yield "# Options\n"
    yield (
        "Every setting with its type, default and meaning, generated from `conf/` and "
        "`ser_vae/settings.py`. A setting is given on the command line as `key=value`, an option "
        "of a group as `group=option`. Each run writes all of them to its `config.yaml`. Roman "
        'numerals, such as IV-B, are sections of [the paper](../paper.md); "not stated" marks what '
        "the paper leaves open.\n"
    )
    yield "## Settings of a run\n"
    values, comments, _ = read_option(CONF / "config.yaml")
    scalars = {key: value for key, value in values.items() if key in Settings.model_fields}
    yield from table("", scalars, comments, Settings)
    for group, model in GROUPS.items():
        yield f"\n## {group}\n"
        yield f"`{group}=OPTION`, from `conf/{group}/`.\n"
        for path in sorted((CONF / group).glob("*.yaml")):
            yield from option_section(group, path, model)
    for group in ("hydra/launcher", "hydra/sweeper"):
        yield f"\n## {group}\n"
        for path in sorted((CONF / group).glob("*.yaml")):
            yield from option_section(group, path, None)
    yield "\n## experiment\n"
    yield "`+experiment=OPTION` sets several options, and often starts a sweep.\n"
    for path in sorted((CONF / "experiment").glob("*.yaml")):
        yield f"### experiment={path.stem}\n\n{introduction(path)}\n"
        yield f"```yaml\n{path.read_text(encoding='utf-8').strip()}\n```\n"


def option_section(group: str, path: Path, model: type[BaseModel] | None) -> Iterator[str]:
    """Yield the lines of one option: what it is, its class, and a table of its settings."""
    values, comments, base = read_option(path)
    key = group
    if group == "logger":
        key, values = f"logger.{path.stem}", values.get(path.stem, {})
        comments = {name.removeprefix(f"{path.stem}."): text for name, text in comments.items()}
    elif group.startswith("hydra/"):
        key = group.replace("/", ".")
    yield f"### {group}={path.stem}\n"
    if text := introduction(path):
        yield f"{text}\n"
    target = values.pop("_target_", None)
    if re.search(r"^_target_:", path.read_text(encoding="utf-8"), re.M):
        yield f"Calls `{target}`.\n"
    if base:
        yield f"Further settings: those of [`{group}={base}`](#{group}{base}).\n"
    model = COMPONENTS.get(str(target), model)
    yield from table(f"{key}.", values, comments, model)


def table(
    prefix: str, values: Mapping[str, Any], comments: Comments, model: type[BaseModel] | None
) -> Iterator[str]:
    """Yield a table of settings, those of sub-groups too."""
    rows = list(settings(prefix, values, comments, model))
    if rows:
        yield "| setting | type | default | meaning |\n|---|---|---|---|"
        for row in rows:
            cells = (cell.replace("|", "\\|") for cell in row)
            yield f"| {' | '.join(cells)} |"
        yield ""


def settings(
    prefix: str, values: Mapping[str, Any], comments: Comments, model: type[BaseModel] | None
) -> Iterator[tuple[str, str, str, str]]:
    for name, value in values.items():
        if name == "_target_":
            continue
        annotation = model.model_fields[name].annotation if model else None
        below = {k[len(name) + 1 :]: v for k, v in comments.items() if k.startswith(f"{name}.")}
        if isinstance(value, Mapping) and "_target_" in value:
            annotation = COMPONENTS.get(value["_target_"])
        section = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        if isinstance(value, Mapping) and (section or not model):
            annotation = annotation if section else None
            yield from settings(f"{prefix}{name}.", value, below, annotation)
            continue
        kind = in_words(model.model_json_schema()["properties"][name]) if model else ""
        meaning = comments.get(name) or "; ".join(f"{k}: {v}" for k, v in below.items())
        yield f"`{prefix}{name}`", kind, default(value), meaning


def default(value: Any) -> str:
    """Return a default as Markdown; what is resolved in a run is named in words."""
    text = as_yaml(value)
    if match := re.fullmatch(r"\$\{oc\.env:(\w+),'?(.*?)'?\}", text):
        return f"`${match[1]}` or `{match[2]}`"
    if match := re.fullmatch(r"\$\{([\w.]+)\}", text):
        return f"as `{match[1]}`"
    return f"`{text}`"


def as_yaml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value).replace('"', "")


def in_words(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(in_words(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{as_yaml(choice)}`" for choice in choices)
    kind = schema.get("type")
    if kind == "array":
        return f"list of {in_words(schema['items'])}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    ranges = [f"{sign} {round(schema[key], 3)}" for key, sign in signs.items() if key in schema]
    names = {"string": "text", "boolean": "`true`, `false`", "null": "`null`", "object": "mapping"}
    return ", ".join([names.get(kind, str(kind or "class and settings")), *ranges])


def read_option(path: Path) -> tuple[dict[str, Any], Comments, str | None]:
    """Return the settings that a file of conf/ states, their comments, and the option it extends.

    It has the class and the comments of the option that it extends, too. Settings of a file that is
    included below a key, such as those of an SVM, count as its own.
    """
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    comments = read_comments(path)
    base = None
    for each in values.pop("defaults", []) if path.parent != CONF else []:
        if isinstance(each, str) and each != "_self_":
            base = each
            inherited, texts, _ = read_option(path.with_stem(base))
            values.setdefault("_target_", inherited.get("_target_"))
            comments = texts | comments
        elif isinstance(each, Mapping) and next(iter(each)).endswith("svm"):
            included, texts, _ = read_option(CONF / "model/svm/default.yaml")
            values["svm"] = included
            comments |= {f"svm.{key}": text for key, text in texts.items()}
    values.pop("defaults", None)
    return values, comments, base


def read_comments(path: Path) -> Comments:
    """Return the comments behind settings, with the lines that continue them."""
    comments: Comments = {}
    keys: list[tuple[int, str]] = []  # of the mappings around the line: indentation, name
    last = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        code, _, comment = line.partition("#")
        match = re.match(r"( *)([\w-]+):", code)
        if match:
            keys = [each for each in keys if each[0] < len(match[1])]
            keys.append((len(match[1]), match[2]))
            last = ".".join(name for _, name in keys)
            if comment:
                comments[last] = comment.strip(" |")
        elif comment and not code.strip() and code and last in comments:
            comments[last] += f" {comment.strip()}"
    return comments


def introduction(path: Path) -> str:
    """Return the comment at the head of a file of conf/; indented lines are code."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            lines.append(line.removeprefix("#").removeprefix(" "))
    text = re.sub(r"((?:^ {2}.*\n?)+)", r"\n```sh\n\1```\n\n", "\n".join(lines), flags=re.M)
    return re.sub(r"^ {2,4}(?=\S)", "", text, flags=re.M).strip()


def commands_page() -> Iterator[str]:
    """Yield the lines of the page of all commands: their own help."""
    os.environ["COLUMNS"] = "88"
    yield "# Commands\n"
    yield (
        "`python -m ser_vae.run` does runs and sweeps; its arguments are the "
        "[options](options.md). The help of every other command, as `--help` prints it:\n"
    )
    for name, purpose in COMMANDS.items():
        if name == "run":
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
            module_of(name).main(["--help"])
        yield f"## {name}\n\nTo {purpose}.\n\n```text\n{output.getvalue().strip()}\n```\n"


def module_of(command: str) -> Any:
    """Import the module of a command, or of a package's `__main__`."""
    module = importlib.import_module(f"ser_vae.{command}")
    if hasattr(module, "__path__"):
        module = importlib.import_module(f"ser_vae.{command}.__main__")
    return module


def notebook_page(path: Path) -> Iterator[str]:
    """Yield the cells of a notebook as Markdown."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"


if __name__ == "__main__":
    sys.exit(main())
