"""Progress bars are drawn on a terminal only."""

import pytest

from ser_vae import terminal
from ser_vae.run import configure, run


def test_no_bar_is_drawn_into_a_pipe(capfd):
    assert not terminal.stderr().is_terminal
    assert list(terminal.track(range(3), "three of them", 3)) == [0, 1, 2]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [True, False])
def test_progress_decides_whether_bars_and_the_diagnosis_are_shown(
    screen, noise_command, monkeypatch, tmp_path, progress
):
    for module in ("run", "pipeline"):
        monkeypatch.setattr(f"ser_vae.{module}.stderr", terminal.stderr)
    run(configure(*noise_command, "model=pca", f"cache={tmp_path}/new", f"progress={progress}"))
    for text in ("features of 60 utterances", "diagnosis: policies, leaks, health, probes"):
        assert (text in screen.getvalue()) == progress
