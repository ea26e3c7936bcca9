"""Sweeps by the plugins: their presets, and jobs in processes of this machine."""

import os
import pty
import subprocess
import sys

import pytest
import yaml
from hydra.core.plugins import Plugins
from joblib import cpu_count
from run_files import folders

from ser_vae.run import configure
from ser_vae.settings import conf_dir

PRESETS = sorted(conf_dir().glob("hydra/*/*.yaml"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_preset_composes_names_an_installed_plugin_and_explains_its_numbers(preset):
    assert configure(f"hydra/{preset.parent.name}={preset.stem}") == configure()
    target = yaml.safe_load(preset.read_text())["_target_"]
    assert target in Plugins.instance().class_name_to_class
    lines = preset.read_text().splitlines()
    assert [line for line in lines if line[-1:].isdigit() and "#" not in line] == []


@pytest.mark.parametrize(
    ("plugin", "choice"),
    [
        ("hydra_plugins.hydra_joblib_launcher", "hydra/launcher=parallel"),
        ("hydra_plugins.hydra_submitit_launcher", "hydra/launcher=slurm"),
        ("hydra_plugins.hydra_optuna_sweeper", "+experiment=search"),
    ],
)
def test_a_plugin_that_is_not_installed_is_named(plugin, choice, multirun, monkeypatch):
    monkeypatch.setitem(sys.modules, plugin, None)
    code, text = multirun(choice)
    assert code == 1
    assert text.startswith(f"error: {plugin}: ")
    assert text.endswith("\npip install 'ser_vae[sweep]'\n")


def read_terminal(leader: int) -> str:
    """Read what a terminal shows until its other side is closed."""
    output = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:
            chunk = b""
        if not chunk:
            os.close(leader)
            return output.decode()
        output += chunk


@pytest.mark.slow(25)
def test_jobs_in_processes_share_cores_and_encoders(noise_command, tmp_path):
    settings = [word for word in noise_command if word != "progress=false"]
    settings += ["hydra/launcher=parallel", "hydra.launcher.n_jobs=2"]
    grid = ("model=ae", "classifier.hidden=8,16", "split=random,session")
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ser_vae.run", "-m", *settings, *grid],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    )
    os.close(follower)
    screen = read_terminal(leader)
    assert process.wait(timeout=120) == 1
    assert "ae-complete-folder-seed0" not in screen
    assert "job 2, classifier.hidden=8 split=session: failed: split=session: the corpus" in screen
    assert "2 of 4 done, 2 failed. Repeat the command" in screen
    (output,) = tmp_path.glob("runs/.sweeps/*/output.txt")
    assert output.read_text().count("random/test/ua ") == 2
    finished = folders(tmp_path / "runs")
    assert len(finished) == 2
    for folder in finished:
        config = yaml.safe_load((folder / "config.yaml").read_text())
        assert config["jobs"] == max(1, cpu_count() // 2)
        assert (folder / "metrics.json").exists()
    assert len(list((tmp_path / "runs" / "pretrained").glob("ae-*"))) == 1
