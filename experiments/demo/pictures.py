"""The README's pictures, from the runs of `make demo`: `python experiments/demo/pictures.py runs`.

Writes docs/report.png, the page of `--html` in Chromium, which has to be installed, and
docs/latents.png, a figure of `--figures`.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from ser_vae.report.__main__ import main

DOCS = Path(__file__).parents[2] / "docs"
SIZE = {"width": 1120, "height": 1000}
MAP = "latents-demo-random-vae-complete-*.png"


def screenshot(page: Path, picture: Path) -> None:
    """The page, scrolled to its charts."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(f"{page.absolute().as_uri()}#explore")
        tab.wait_for_timeout(2000)  # ms, for the charts
        tab.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    if code := main([str(runs), "--html", "--figures"]):
        sys.exit(code)
    screenshot(runs / "report.html", DOCS / "report.png")
    shutil.copyfile(next((runs / "figures").glob(MAP)), DOCS / "latents.png")
