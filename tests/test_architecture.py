"""The structure that a reader relies on: read a command, find the file; imports go one way."""

import ast
from pathlib import Path

import pytest

import ser_vae

PACKAGE = Path(ser_vae.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# In pipeline order; a stage imports from itself and from what stands above it.
ORDER = [
    "files",
    "faults",
    "terminal",
    "configuration",
    "corpus",
    "features",
    "split",
    "data",
    "model",
    "classifier",
    "training",
    "evaluation",
    "run_folder",
    "plots",
    "logger",
    "report",
]
ENTRY_POINTS = (
    *("run", "check", "pipeline", "inventory", "listen", "dashboard", "sweep"),
    *("ranges", "mistakes"),
)


def place(module: str) -> str:
    """The stage or file directly below ser_vae that a dotted name belongs to."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def test_every_file_has_a_place_in_the_pipeline() -> None:
    places = {place(dotted(path)) for path in MODULES} - {""}
    assert places == {*ORDER, *ENTRY_POINTS}


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_go_down_the_pipeline_only(path: Path) -> None:
    own = place(dotted(path))
    if own not in ORDER:
        return
    allowed = {"", *ORDER[: ORDER.index(own) + 1]}
    found = {place(name) for name in imports(path) if name.startswith("ser_vae.")}
    found -= {"SerVaeError", "__version__"}
    assert found <= allowed, f"{path.name} imports {found - allowed}"


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_only_entry_points_know_hydra(path: Path) -> None:
    if place(dotted(path)) in ENTRY_POINTS:
        return
    assert not {n for n in imports(path) if n.split(".")[0] in ("hydra", "omegaconf")}


@pytest.mark.parametrize("stage", ["corpus", "split", "report", "run_folder", "plots", "files"])
def test_what_is_read_before_training_does_not_wait_for_torch(stage: str) -> None:
    paths = [path for path in MODULES if place(dotted(path)) == stage]
    found = {n.split(".")[0] for path in paths for n in imports(path)}
    assert not found & {"torch", "torchaudio", "lightning", "torchmetrics"}


def test_the_evaluation_never_sees_a_model() -> None:
    paths = [path for path in MODULES if place(dotted(path)) == "evaluation"]
    stages = {place(n) for path in paths for n in imports(path) if n.startswith("ser_vae.")}
    assert stages <= {"corpus", "evaluation", "files", "SerVaeError"}


def test_every_file_is_one_idea() -> None:
    lengths = {dotted(path): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: n for name, n in lengths.items() if n > 300} == {}
