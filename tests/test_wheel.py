"""The wheel works outside the checkout: conf/ travels in it."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def python(interpreter: Path | str, *arguments: str, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "IEMOCAP_ROOT")}
    result = subprocess.run(
        [str(interpreter), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.slow
def test_the_installed_wheel_runs_from_an_empty_folder(tmp_path: Path, noises: Path) -> None:
    wheels, empty = tmp_path / "wheels", tmp_path / "empty"
    empty.mkdir()
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    python(sys.executable, *build, "--wheel-dir", str(wheels), str(CHECKOUT), cwd=tmp_path)
    (wheel,) = wheels.glob("ser_vae-*.whl")

    # A new environment that holds the wheel alone; what it depends on is lent by ours, whose own
    # ser_vae, an editable install, is not lent: a .pth file is not followed to a second one.
    python(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    interpreter = tmp_path / "venv" / "bin" / "python"
    python(interpreter, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel), cwd=tmp_path)
    where = python(
        interpreter, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=empty
    )
    (Path(where.strip()) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")

    found = python(interpreter, "-c", "import ser_vae; print(ser_vae.__file__)", cwd=empty)
    assert found.startswith(str(tmp_path / "venv"))
    assert Path(found.strip()).with_name("py.typed").is_file()
    said = python(
        interpreter,
        "-m",
        "ser_vae.run",
        "corpus=folder",
        f"corpus.root={noises}",
        "corpus.csv=list.csv",
        f"cache={tmp_path / 'cache'}",
        "logger=none",
        "progress=false",
        "training.pretrain.epochs=1",
        "training.classify.epochs=1",
        cwd=empty,
    )
    assert "random/test/ua " in said
    assert [path.name for path in empty.iterdir()] == ["runs"]
