"""The wheel installs on every supported Python and works outside the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from uv import find_uv_bin

from ser_vae import __version__
from ser_vae.__main__ import COMMANDS

CHECKOUT = Path(__file__).parents[1]
CONSTRAINTS = CHECKOUT / "constraints.txt"
THIS_VERSION = sysconfig.get_python_version()


def run_process(*arguments: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "IEMOCAP_ROOT")}
    result = subprocess.run(
        [*map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,  # downloads of several GB
        check=False,
    )
    if "Failed to fetch" in result.stderr or "error sending request" in result.stderr:
        pytest.skip(f"the package index cannot be reached: {result.stderr}")
    assert result.returncode == 0, result.stderr
    return result.stdout


def find_python(version: str) -> str:
    """Return the interpreter of a version: ours, one on the PATH, or one that pyenv installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for path in [sys.executable] if version == THIS_VERSION else filter(None, installed):
        # pyenv has a command for each version that it installed, which fails if it is not selected
        if not subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode:
            return str(path)
    pytest.skip(f"Python {version} is not installed")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the sdist, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    build = ("build", "--quiet", "--no-build-isolation", "--python", sys.executable)
    run_process(find_uv_bin(), *build, "--out-dir", folder, CHECKOUT, cwd=folder)
    assert (folder / f"ser_vae-{__version__}.tar.gz").is_file()
    return folder / f"ser_vae-{__version__}-py3-none-any.whl"


@pytest.mark.slow(30)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_installed_wheel_runs_from_an_empty_folder(version, wheel, tmp_path, noise_command):
    empty, venv = tmp_path / "empty", tmp_path / "venv"
    empty.mkdir()
    python = venv / "bin" / "python"
    run_process(find_uv_bin(), "venv", "--python", find_python(version), venv, cwd=empty)
    # Files are linked to uv's cache: an environment has 5 GB.
    install = (find_uv_bin(), "pip", "install", "--link-mode", "symlink", "--python", python)
    if version == THIS_VERSION:
        # Our dependencies are lent. Our own ser_vae is not: it is an editable install, whose .pth
        # file is not followed from another .pth file.
        run_process(*install, "--no-deps", wheel, cwd=empty)
        (packages,) = venv.glob("lib/python*/site-packages")
        (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    else:
        run_process(*install, "--constraint", CONSTRAINTS, wheel, cwd=empty)

    source = "import ser_vae; print(ser_vae.__file__)"
    package = Path(run_process(python, "-c", source, cwd=empty).strip()).parent
    assert package.is_relative_to(venv)
    assert (package / "py.typed").is_file()
    assert (package / "conf" / "config.yaml").is_file()
    script = python.with_name("ser-vae")
    assert run_process(script, "--version", cwd=empty) == f"ser_vae {__version__}\n"
    assert set(COMMANDS) <= set(run_process(script, cwd=empty).split())
    run = (python, "-m", "ser_vae.run")
    if version == THIS_VERSION:
        assert "# model=vae:" in run_process(*run, "model=vae", "--help", cwd=empty)
    brief = ("training.pretrain.epochs=1", "training.classify.epochs=1", "runs=runs")
    assert "random/test/ua " in run_process(*run, *noise_command, *brief, cwd=empty)
    assert [path.name for path in empty.iterdir()] == ["runs"]
