"""What the README tells a newcomer to type exists."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ser_vae.run import configure
from ser_vae.settings import conf_dir

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = [
    "docs/corpora.md",
    *(f"{p.relative_to(ROOT)}" for p in ROOT.glob("experiments/*/README.md")),
]
LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()
]
COMMANDS = [line.split(" #")[0].strip() for line in LINES]
RUNS = [c for c in COMMANDS if c.startswith(("python -m ser_vae.run", "python -m ser_vae.check"))]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make")])
def test_every_make_target_exists(command: str) -> None:
    assert re.search(rf"^{command.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("command", RUNS)
def test_every_command_composes(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IEMOCAP_ROOT", "/licensed")
    overrides = [word for word in shlex.split(command)[3:] if not word.startswith("-")]
    first = []
    for override in OverridesParser.create().parse_overrides(overrides):
        value = next(override.sweep_string_iterator()) if override.is_sweep_override() else None
        first.append(f"{override.key_or_group}={value}" if value else override.input_line)
    assert configure(*(o for o in first if o))["choice"]["model"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("file", ["README.md", *PAGES])
def test_a_shell_reads_every_block(file: str) -> None:
    for block in re.findall(r"```sh\n(.*?)```", (ROOT / file).read_text(), re.S):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("kind", ["corpus", "model"])
def test_every_corpus_and_representation_has_its_row(kind: str) -> None:
    pages = README + (ROOT / "docs" / "corpora.md").read_text()
    for path in (conf_dir() / kind).glob("*.yaml"):
        assert f"| `{kind}={path.stem}` |" in pages
