"""The page in a real browser: what a reader with a mouse, a keyboard, a phone or paper meets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

PHONE = {"width": 360, "height": 740}
PLOTS = ".place:not(.off) .plot"
SHOWN = "#table tbody tr:not([hidden])"
TICK = "getComputedStyle(document.querySelector('.xtick text')).fill"
LIGHT_TEXT = "rgb(29, 33, 38)"
PATIENCE_MS = 15_000


class Reader:
    """A page in a browser, and all that went wrong in it."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.wrong: list[str] = []
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self.requested)
        self.file = file
        self.open()

    def requested(self, request: Any) -> None:
        if not request.url.startswith((self.file.as_uri(), "data:", "blob:")):
            self.wrong.append(f"asked for {request.url}")

    def open(self, address: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(f"{self.file.as_uri()}{address}")

    def draw_all(self) -> None:
        for plot in self.page.locator(PLOTS).all():
            plot.scroll_into_view_if_needed()
            plot.locator("svg.main-svg").first.wait_for()

    def column(self, name: str) -> list[str]:
        heads = self.page.locator("#table thead th").all_inner_texts()
        at = next(number for number, head in enumerate(heads, 1) if head.startswith(name))
        cells = self.page.locator(f"{SHOWN} > :nth-child({at})")
        return [text.split()[0] for text in cells.all_inner_texts()]


@pytest.fixture(scope="module")
def reader(chromium: Any, drawn: Path) -> Iterator[Reader]:
    found = Reader(chromium, drawn, viewport={"width": 1280, "height": 900})
    yield found
    found.context.close()


@pytest.fixture(scope="module")
def phone(chromium: Any, drawn: Path) -> Iterator[Reader]:
    found = Reader(chromium, drawn, viewport=PHONE, color_scheme="dark")
    yield found
    found.context.close()


def test_all_charts_are_drawn_without_an_error_or_a_request(reader: Reader) -> None:
    reader.draw_all()
    assert reader.page.locator(PLOTS).count() == 4
    titles = reader.page.locator(".modebar-btn").evaluate_all(
        "all => all.map(b => b.dataset.title)"
    )
    assert "Zoom" in titles
    assert not [title for title in titles if "Share" in title or "loud" in title]
    assert reader.wrong == []


def test_a_head_sorts_by_mouse_and_by_keyboard(reader: Reader) -> None:
    head = reader.page.locator("#table th[data-name=UA]")
    head.get_by_role("button").click()
    *scored, first_without, _ = reader.column("UA")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [float(own) for own in scored] == sorted(float(own) for own in scored)
    assert first_without == "–"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert reader.column("UA") == [*reversed(scored), "–", "–"]


def test_a_filter_hides_runs_counts_them_aloud_and_stands_in_the_address(reader: Reader) -> None:
    reader.open()
    form, count = reader.page.locator("#filter"), reader.page.locator("#count")
    form.get_by_label("model").select_option("cvae")
    assert reader.column("model") == ["cvae", "cvae"]
    assert count.inner_text() == "2 of 8 runs"
    assert count.get_attribute("aria-live") == "polite"
    address = reader.page.url.partition("#")[2]
    assert address == "model=cvae"
    form.get_by_role("button", name="Show all").press("Space")
    sync_api.expect(count).to_have_text("8 runs")
    reader.open("#model=cvae&sort=seed down")
    assert reader.column("seed") == ["1", "0"]


def test_a_search_by_keyboard_finds_the_reason_of_a_failure(reader: Reader) -> None:
    reader.open()
    reader.page.get_by_label("Search").press_sequentially("disk <FULL>")
    assert reader.column("state") == ["failed"]


def test_dark_colours_follow_the_reader_and_the_button(phone: Reader) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    phone.draw_all()
    button = phone.page.get_by_role("button", name="Dark colours")
    assert button.get_attribute("aria-pressed") == "true"
    dark = phone.page.evaluate(ground), phone.page.evaluate(TICK)
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    light = phone.page.evaluate(ground), phone.page.evaluate(TICK)
    button.press("Enter")
    assert (dark[0], light[0]) == ("rgb(20, 23, 27)", "rgb(253, 253, 252)")
    assert (dark[1], light[1]) == ("rgb(228, 231, 234)", LIGHT_TEXT)


def test_a_phone_scrolls_tables_and_not_the_page(phone: Reader) -> None:
    phone.draw_all()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(chromium: Any, drawn: Path, scheme: str) -> None:
    reader = Reader(chromium, drawn, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    reader.draw_all()
    found = axe.Axe().run(reader.page).response["violations"]
    reader.context.close()
    assert [own for own in found if own["impact"] in ("serious", "critical")] == []


def test_another_place_is_shown_and_stands_in_the_address(reader: Reader) -> None:
    reader.open()
    shown = reader.page.locator(".place:visible > h3")
    reader.page.locator("#place").select_option(index=1)
    assert "training.classify.epochs=1234" in shown.inner_text()
    reader.open(f"#{reader.page.url.partition('#')[2]}")
    assert "training.classify.epochs=1234" in shown.inner_text()
    reader.page.locator("#place").select_option(index=0)


def test_the_first_key_leads_past_the_contents(reader: Reader) -> None:
    reader.open()
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    assert reader.page.evaluate("document.activeElement.id") == "main"


def test_curves_are_those_of_the_chosen_quantity_and_models(reader: Reader) -> None:
    figure = reader.page.locator("figure:has(.plot[data-chart=curves])")
    reader.draw_all()
    lines = figure.locator(".scatterlayer .trace")
    assert lines.count() == 5  # two seeds of two models, and the run that failed
    figure.get_by_label("CVAE", exact=True).uncheck()
    assert lines.count() == 3
    figure.get_by_label("Quantity").select_option("classify/train/loss")
    assert lines.count() == 2


def test_a_map_takes_the_colours_that_are_asked_for(reader: Reader) -> None:
    figure = reader.page.locator("figure:has(.plot[data-chart=map])")
    reader.draw_all()
    figure.locator("[name=map]").select_option("all models")
    for by, words in {"speaker": 3, "emotion": 2, "model": 2, "sex": 2}.items():
        figure.get_by_label("Coloured by").select_option(by)
        assert figure.locator(".scatterlayer .trace").count() == words
    assert figure.locator(".scatterlayer .point").count() == 48


def test_sound_that_is_not_at_hand_is_said_kindly(reader: Reader) -> None:
    figure = reader.page.locator("figure:has(.plot[data-chart=map])")
    figure.get_by_label("Listen to").select_option("<script>alert('heard')</script>")
    figure.get_by_text("it can't be played here").wait_for()
    assert "/corpus/a b.wav" in figure.locator(".listen").inner_text()
    assert not figure.locator("audio").is_visible()


def test_paper_has_every_chart_in_light_colours_and_no_control(phone: Reader) -> None:
    phone.draw_all()
    assert phone.page.pdf()[:5] == b"%PDF-"
    phone.page.emulate_media(media="print")
    phone.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert phone.page.locator("details:not([open])").count() == 0
    assert phone.page.locator(".plot svg.main-svg:visible").count() >= 5
    assert phone.page.evaluate(TICK) == LIGHT_TEXT
    controls = "#theme:visible, select:visible, input:visible, audio:visible"
    assert phone.page.locator(controls).count() == 0
    phone.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert phone.page.locator("details:not([open])").count() > 0


def test_without_javascript_every_table_and_picture_is_there(chromium: Any, drawn: Path) -> None:
    reader = Reader(chromium, drawn, java_script_enabled=False)
    assert reader.page.locator(SHOWN).count() == 8
    assert reader.page.get_by_text("The charts below need JavaScript").is_visible()
    assert reader.page.locator("select:visible").count() == 0
    reader.context.close()
