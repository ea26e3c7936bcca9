"""The page of a trained model in a real browser, on this machine alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pytest
import soundfile
from deployed import recogniser

import ser_vae
from ser_vae import app
from ser_vae.evaluation.arrays import Latents

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def run(finished_run) -> Path:
    return finished_run("model=vae")[1]


@contextmanager
def serve(model: Path) -> Iterator[str]:
    """Serve the page in another process; yield its address."""
    command = [sys.executable, "-m", "ser_vae.app", str(model)]
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(model.parent / "uploads")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[0]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def page(run, chromium) -> Iterator[Any]:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install 'ser_vae[app]'")
    with serve(run) as url:
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(url)
        yield page
        page.close()


def test_an_uploaded_recording_is_recognised_and_drawn(page, run, noises, tmp_path):
    file = noises / "gay04.wav"
    page.locator("input[type=file]").first.set_input_files(file)
    page.locator("img[alt^=Map]").wait_for()
    best = ser_vae.load(run).predict(file).emotion
    assert page.locator("[data-testid=label-output-value]").inner_text().strip() == best
    for alt in ("Log-mel spectrogram", "Map of mean latents"):
        picture = page.locator(f"img[alt^='{alt}']")
        assert picture.evaluate("picture => picture.naturalWidth") > 500
    short = tmp_path / "short.wav"
    soundfile.write(short, np.tile([0.1, -0.1], 50), 16_000)
    page.get_by_label("Clear").first.click()
    page.locator("img[alt^=Map]").wait_for(state="detached")
    page.locator("input[type=file]").first.set_input_files(short)
    page.get_by_text("short.wav: too short").wait_for()


def test_the_page_asks_this_machine_alone(page):
    page.wait_for_load_state("networkidle")
    assert {urlparse(url).hostname for url in page.requests if url.startswith("http")} == {
        "127.0.0.1"
    }
    assert page.evaluate("window.gradio_config.run_history") is False


def test_the_latent_of_a_training_utterance_is_that_of_the_run(run):
    explorer = app.Explorer.load(str(run / "model"))
    stored = Latents.read(run / "training_latents.npz")
    np.testing.assert_array_equal(explorer.training.mean, stored.mean)
    latent = explorer.model.encode(stored.audio[0]).mean(axis=0)
    np.testing.assert_allclose(latent, stored.mean[0], atol=1e-5)


@pytest.mark.parametrize(
    ("overrides", "pictures", "reasons"),
    [
        (["model=vae", "classifier.bidirectional=true"], 1, ["starts at the end", "is missing"]),
        (["model=vae", "normalise=speaker"], 1, ["own statistics", "normalise=speaker: it needs"]),
        (["model=majority"], 1, ["utterance-level: it has no sequence", "model has no latents"]),
    ],
)
def test_what_a_model_lacks_is_said_and_the_rest_is_shown(overrides, pictures, reasons, noises):
    samples, _ = soundfile.read(noises / "gay04.wav", dtype="float32")
    explorer = app.Explorer(recogniser([samples], *overrides), None)
    if explorer.model.estimator:
        explorer.model.estimator.frequencies = np.full(4, 0.25)
    probabilities, notes, *drawn = explorer.explore(str(noises / "gay04.wav"))
    assert sum(probabilities.values()) == pytest.approx(1)
    assert sum("<img" in each for each in drawn) == pictures
    for reason in reasons:
        assert reason in notes + "".join(drawn)


def test_without_gradio_the_command_to_install_it_is_given(run, capsys, monkeypatch):
    monkeypatch.delenv("GRADIO_ANALYTICS_ENABLED", raising=False)
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert app.main([str(run)]) == 1
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 2
    assert error[1] == "pip install 'ser_vae[app]'"
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
