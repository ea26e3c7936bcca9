"""The structure that a reader relies on: read a command, find the file; imports go one way."""

import ast
from pathlib import Path

import pytest

import ser_vae

PACKAGE = Path(ser_vae.__file__).parent
ROOT = Path(__file__).parents[1]
MODULES = sorted(PACKAGE.rglob("*.py"))

# In pipeline order; a stage imports from itself and from what precedes it.
ORDER = [
    *("files", "faults", "terminal", "settings", "corpus", "features", "split", "data"),
    *("baseline", "model", "classifier", "training", "stream", "evaluation", "recogniser"),
    *("run_folder",),
    *("plots", "logger", "report"),
]
ENTRY_POINTS = (
    *("run", "compose", "check", "pipeline", "result", "listen", "dashboard", "sweep"),
    *("command_errors", "export", "share", "predict", "encode", "inputs", "app", "help"),
    "__main__",
)
BUDGET = {"ser_vae": (10_980, 132), "ser_vae/report": (1_080, None), "tests": (12_000, None)}


def stage_of(module: str) -> str:
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


def lines_of_code(path: Path) -> int:
    """Lines that hold code: blank lines, comments and docstrings do not count."""
    source = path.read_text()
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            documentation |= set(range(body[0].lineno, body[0].end_lineno + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in documentation
        for number, line in enumerate(source.splitlines(), 1)
    )


def test_every_file_has_a_place_in_the_pipeline():
    assert {stage_of(dotted(path)) for path in MODULES} - {""} <= {*ORDER, *ENTRY_POINTS}


@pytest.mark.parametrize("stage", ORDER)
def test_imports_only_go_up_the_list(stage):
    allowed = {"", *ORDER[: ORDER.index(stage) + 1], "SerVaeError", "__version__"}
    for path in MODULES:
        if stage_of(dotted(path)) == stage and path.name != "__main__.py":  # a command
            used = {stage_of(name) for name in imports(path) if name.startswith("ser_vae.")}
            assert used <= allowed, f"{path.name} imports {used - allowed}"


def test_only_entry_points_know_hydra():
    for path in MODULES:
        if stage_of(dotted(path)) not in ENTRY_POINTS:
            used = {name.split(".")[0] for name in imports(path)}
            assert not used & {"hydra", "omegaconf"}, path


@pytest.mark.parametrize("stage", ["split", "report", "run_folder", "plots", "files"])
def test_what_is_read_before_training_does_not_wait_for_torch(stage):
    paths = [path for path in MODULES if stage_of(dotted(path)) == stage]
    used = {name.split(".")[0] for path in paths for name in imports(path)}
    assert not used & {"torch", "torchaudio", "lightning", "torchmetrics"}


def test_the_evaluation_never_sees_a_model():
    paths = [path for path in MODULES if stage_of(dotted(path)) == "evaluation"]
    stages = {stage_of(n) for path in paths for n in imports(path) if n.startswith("ser_vae.")}
    assert stages <= {"corpus", "evaluation", "files", "SerVaeError"}


@pytest.mark.parametrize("folder", BUDGET)
def test_the_code_stays_within_its_budget(folder):
    """Lines of code and modules; deleting is the way to stay below."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    lines, modules = BUDGET[folder]
    assert sum(map(lines_of_code, paths)) <= lines
    assert modules is None or len(paths) <= modules
