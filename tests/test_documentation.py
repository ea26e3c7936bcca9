"""What the README and the documentation tell a reader to type, follow and look up exists."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ser_vae.__main__ import COMMANDS
from ser_vae.run import configure
from ser_vae.settings import conf_dir, dotted_keys

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
import build_docs  # noqa: E402

GENERATED = ("options.md", "commands.md")  # and the notebooks' pages
PAGES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"),
    *ROOT.glob("experiments/*/README.md"),
    *(
        p
        for p in ROOT.glob("docs/**/*.md")
        if not ({p.name, p.parent.name} & {*GENERATED, "notebooks"})
    ),
]
NAMES = sorted(str(path.relative_to(ROOT)) for path in PAGES)
OF_A_STUDY = "experiments/"  # whose commands name corpora and older settings
COMMANDS_OF_PAGES = sorted(
    {
        line.split(" #")[0].strip()
        for name in NAMES
        if not name.startswith(OF_A_STUDY)
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
        for line in block.replace("\\\n", " ").splitlines()
    }
)
RUNS = [c for c in COMMANDS_OF_PAGES if re.match(r"python -m ser_vae\.(run|check) (?!--config)", c)]


@pytest.mark.parametrize("command", [c for c in COMMANDS_OF_PAGES if c.startswith("make")])
def test_every_make_target_exists(command):
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("command", RUNS)
def test_every_command_composes(command, monkeypatch):
    monkeypatch.setenv("IEMOCAP_ROOT", "/licensed")
    overrides = [word for word in shlex.split(command)[3:] if not word.startswith("-")]
    first = []
    for override in OverridesParser.create().parse_overrides(overrides):
        value = next(override.sweep_string_iterator()) if override.is_sweep_override() else None
        first.append(f"{override.key_or_group}={value}" if value else override.input_line)
    assert configure(*(o for o in first if o))["choice"]["model"]


def test_every_test_that_a_page_names_exists():
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = {n for p in PAGES for n in re.findall(r"`(test_\w+)`", p.read_text("utf-8"))}
    assert [name for name in named if f"def {name}(" not in source] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_a_file(name):
    """`make docs` checks the headings, and the links to generated pages."""
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        target = (ROOT / name).parent / link
        generated = target.name in GENERATED or target.parent.name == "notebooks"
        assert generated or target.exists(), link


def test_the_documentation_names_no_file_that_is_missing():
    for name in [name for name in NAMES if name.startswith("docs/")]:
        text = (ROOT / name).read_text(encoding="utf-8")
        for path in re.findall(r"`((?:conf|ser_vae|experiments|tests|docs)/[\w./-]+)`", text):
            assert (ROOT / path).exists(), f"{name}: {path}"


def test_every_model_has_its_row():
    page = (ROOT / "docs/concepts/representations.md").read_text(encoding="utf-8")
    for path in (conf_dir() / "model").glob("*.yaml"):
        assert f"| `model={path.stem}` |" in page


def test_the_page_of_options_has_every_setting_with_its_meaning():
    page = "\n".join(build_docs.options_page())
    for path in conf_dir().glob("*/*.yaml"):
        assert f"### {path.parent.name}={path.stem}\n" in page
    config = configure("corpus=folder", "split=speaker")
    del config["choice"]
    above = {key.rpartition(".")[0] for key in dotted_keys(config)}
    for key in {*dotted_keys(config)} - above:
        assert key.endswith("_target_") or f"| `{key}` |" in page
    row = next(line for line in page.splitlines() if line.startswith("| `training.latent` |"))
    assert [cell.strip() for cell in row.split(" | ")][1:3] == ["`mu`, `sample`", "`mu`"]
    assert "learning rate for fine-tuning the encoder with the LSTM" in page
    assert "| `model.svm.C` | number, > 0 | `0.01` |" in page


def test_the_page_of_commands_has_the_help_of_each():
    page = "\n".join(build_docs.commands_page())
    for name in COMMANDS:
        assert name == "run" or f"usage: python -m ser_vae.{name}" in page
