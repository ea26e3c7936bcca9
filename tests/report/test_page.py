"""The page in a real browser, on a desktop and on a phone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from report.conftest import Study, fill, guess, health

from ser_vae.evaluation.arrays import Latents
from ser_vae.evaluation.predictions import emotions_of
from ser_vae.report.__main__ import main

SCRIPT = "</script><script>alert('executed')</script>"  # must be shown, not executed
DESKTOP = {"width": 1280, "height": 900}
PATIENCE_MS = 15_000


def with_script(predicted: pd.DataFrame) -> pd.DataFrame:
    """The predictions, the first utterance renamed to a script and predicted wrongly."""
    right = predicted["truth"][0]
    (wrong,) = {*emotions_of(predicted)} - {right}
    columns = ["utterance", "guess", f"p_{right}", f"p_{wrong}"]
    predicted.loc[0, columns] = [SCRIPT, wrong, 0.01, 0.99]
    return predicted


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The page of two protocols, two subsets, an AE, a CVAE with all files, and a baseline."""
    root = tmp_path_factory.mktemp("page")
    soundfile.write(root / "a.wav", 0.1 * np.sin(np.arange(8000) / 5), 16_000)
    study = Study(root / "runs")
    for number, data in enumerate(("improvised", "complete")):
        for test_set, model in enumerate(("ae", "cvae", "logmel_svm")):
            predicted = with_script(guess(0.6 + 0.1 * test_set, seed=number, order=test_set))
            policies = {"null": predicted, "oracle": guess(0.9, seed=number)}
            by_policy = {p: f.assign(utterance=predicted["utterance"]) for p, f in policies.items()}
            options = {"policies": by_policy} if model == "cvae" else {}
            choice = (f"model={model}", f"data={data}")
            path = study.run(*choice, corpus="demo", guesses=predicted, health=health(), **options)
            if model != "logmel_svm":
                fill(path, predicted, conditional=model == "cvae")
                file = path / "latents.npz"
                stored = Latents.read(file)
                audio = (str(root / "a.wav"), *stored.audio[1:])
                replace(stored, audio=audio).write(file)
    study.run("model=ae", "split=speaker", "fold=0", corpus="demo")
    assert main([str(study.folder), "--html"]) == 0
    return study.folder / "report.html"


class Reader:
    """A page in a browser, and everything that went wrong in it."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": DESKTOP, **context})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: self.wrong.append(dialog.message))
        self.page.on("request", lambda request: self.wrong.append(request.url))
        self.page.goto(file.as_uri())
        self.wrong.remove(file.as_uri())
        self.page.locator("#of-study .main-svg").first.wait_for()

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).first.inner_text())

    def choose(self, name: str, label: str) -> None:
        self.page.select_option(f"#{name}", label=label)

    def size(self, side: str) -> int:
        return int(self.page.evaluate(f"document.documentElement.scroll{side}"))


@pytest.fixture
def reader(chromium, report) -> Iterator[Reader]:
    opened = Reader(chromium, report)
    yield opened
    opened.context.close()
    wrong = [
        message for message in opened.wrong if "GL Driver" not in message and "data:" not in message
    ]
    assert wrong == []  # no error, no script of a name, no request


def test_the_first_screen_answers_with_a_sentence_and_a_chart(reader):
    assert "not significant" in reader.text(".answer")
    for selector in (".answer", ".warning", "#ua0 .main-svg", "#of-study table"):
        box = reader.page.locator(selector).first.bounding_box()
        assert box["y"] + min(box["height"], 300) <= DESKTOP["height"]
    assert reader.size("Height") <= 5 * DESKTOP["height"]
    legend = reader.page.locator("#ua0 .legendtext").all_text_contents()
    assert legend == ["best trivial baseline", "UA, one seed", "the paper, on IEMOCAP"]


def test_selectors_replace_repeated_tables(reader):
    assert reader.text("#of-row h3") == "CVAE on improvised"  # the best one that is the paper's
    reader.choose("row", "AE")
    assert reader.text("#of-row h3") == "AE on improvised"
    reader.choose("testset", "complete")
    assert reader.text("#of-row h3") == "AE on complete"  # the model stays
    assert reader.text("#of-testset h3") == "All models on complete"
    reader.choose("study", "demo, speaker split")
    assert "fold 0 of 3" in reader.text("#of-row h3")


def test_everything_of_a_conditional_model_is_there(reader):
    reader.choose("row", "CVAE")
    captions = reader.page.locator(".caption strong, figcaption").all_inner_texts()
    for title in (
        *("Confusion", "Recall by sex and speaker", "Calibration", "Models and baselines"),
        *("Pairs of models", "Label policies", "Hardest utterances", "Parameters and time"),
        *("Training curves", "Test utterances in the latent space", "Log-mel spectrograms"),
    ):
        assert any(caption.startswith(title) for caption in captions), title
    pictures = reader.page.locator(".pictures img")
    assert pictures.count() == 2 * 4  # emotions; input, reconstruction, and as either label
    assert pictures.first.evaluate("picture => picture.naturalWidth") == 20


def test_the_hardest_utterance_is_shown_by_name_and_can_be_played(reader):
    row = reader.page.locator("#of-testset tr", has_text="</script>").first
    assert SCRIPT in row.inner_text()
    button = row.locator("button")
    assert button.get_attribute("data-audio").startswith("data:audio/mpeg;base64,")
    button.click()


def test_axe_finds_no_fault(reader):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    result = axe.Axe().run(reader.page)
    faults = [fault["id"] for fault in result.response["violations"]]
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(chromium, report, scheme):
    opened = Reader(chromium, report, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    assert opened.size("Width") == 360
    colours = "getComputedStyle(document.querySelector('#ua0 .xtick text')).fill"
    assert opened.page.evaluate(colours) == opened.page.evaluate(
        "getComputedStyle(document.body).color"
    )
    opened.context.close()


def test_the_page_has_no_path_and_one_warning(report):
    text = report.read_text()
    assert str(report.parent.parent) not in text
    assert len(text) < 6e6
    visible = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert visible.lower().count("synthetic speech") == 1
