"""Many runs at once: in processes of this machine, on a cluster, in a search."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra.core.plugins import Plugins
from joblib import cpu_count
from run_files import Command

from ser_vae.configuration import conf_dir
from ser_vae.run import configure
from ser_vae.sweep.journal import read

PRESETS = sorted(conf_dir().glob("hydra/*/*.yaml"))
PARALLEL = ("-m", "hydra/launcher=parallel", "hydra.launcher.n_jobs=2")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_preset_composes_and_its_plugin_is_there(preset: Path) -> None:
    assert configure(f"hydra/{preset.parent.name}={preset.stem}") == configure()
    target = yaml.safe_load(preset.read_text())["_target_"]
    assert target in Plugins.instance().class_name_to_class


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_number_of_a_preset_says_why(preset: Path) -> None:
    lines = preset.read_text().splitlines()
    assert [line for line in lines if re.search(r": -?[\d.]+$", line)] == []


def test_the_search_is_on_a_validation_part() -> None:
    asked = configure("+experiment=search")
    assert asked["objective"] == "classify/validation/loss"
    assert asked["split"]["validation"] > 0


WITHOUT = "import sys; sys.modules['hydra_plugins.{0}'] = None; sys.argv[0] = 'ser_vae'; "


@pytest.mark.parametrize(
    ("plugin", "choice"),
    [
        ("hydra_joblib_launcher", "hydra/launcher=parallel"),
        ("hydra_submitit_launcher", "hydra/launcher=slurm"),
        ("hydra_optuna_sweeper", "+experiment=search"),
    ],
)
def test_a_plugin_that_is_missing_is_named_with_how_to_get_it(
    plugin: str, choice: str, noise_command: list[str]
) -> None:
    code = WITHOUT.format(plugin) + "from ser_vae.run import main; main()"
    words = [sys.executable, "-W", "ignore", "-c", code, "-m", *noise_command, choice]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"hydra_plugins.{plugin}" in done.stderr
    assert "pip install 'ser_vae[sweep]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_search_without_an_objective_is_refused_before_any_trial(
    command: Command, noise_command: list[str], tmp_path: Path
) -> None:
    done = command("-m", *noise_command, "+experiment=search", "objective=null")
    assert done.returncode == 1
    assert "nothing says what is to be optimised" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_jobs_in_processes_share_cores_and_encoders_and_fail_in_a_line_each(
    command: Command, noise_command: list[str], tmp_path: Path
) -> None:
    done = command(
        *(*PARALLEL, *noise_command, "model=ae"),
        *("classifier.hidden=8,8,16", "split=random,session"),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "3 of 6 jobs failed. The same command" in done.stderr
    assert len(re.findall(r"^job \d, .*: failed in .*: split=session", done.stderr, re.M)) == 3
    assert len(re.findall(r"^\[.*done.*\] job \d, .*: done in", done.stdout, re.M)) == 3
    finished = list((tmp_path / "runs" / "random").glob("ae-*"))
    assert len(finished) == 2
    for folder in finished:
        config = yaml.safe_load((folder / "config.yaml").read_text())
        assert config["jobs"] == max(1, cpu_count() // 2)
        assert (folder / "metrics.json").exists()
    assert len(list((tmp_path / "runs" / "pretrained").glob("ae-*"))) == 1


@pytest.mark.slow
def test_what_jobs_in_processes_print_is_not_written_across_the_table(
    noise_command: list[str], tmp_path: Path
) -> None:
    own = [word for word in noise_command if word != "progress=false"]
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", *PARALLEL, *own, "model=majority", "seed=0,1"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    )
    os.close(follower)
    shown = drained(leader)
    assert process.wait(timeout=120) == 0
    assert "2 of 2 done" in shown
    assert "majority-complete-folder" not in shown
    (journal,) = (tmp_path / "runs" / ".sweeps").iterdir()
    assert "majority-complete-folder-seed1: random/test/ua" in (journal / "output.txt").read_text()
    assert sorted(event.state for event in read(journal)) == ["done", "done", "running", "running"]


def drained(leader: int) -> str:
    """What a terminal shows until its other side is closed."""
    said = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:
            break
        if not chunk:
            break
        said += chunk
    os.close(leader)
    return said.decode()
