"""Make the README's pictures from the runs of `make demo`.

    python experiments/demo/pictures.py [RUNS [FOLDER]]

Writes into FOLDER (default: docs) report.png, the top of the page in Chromium, which has to be
installed, and latents.png, a figure of `--figures`.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from ser_vae.report.__main__ import main

DOCS = Path(__file__).parents[2] / "docs"
SIZE = {"width": 1280, "height": 1525}  # the answer, and one model on one test set
MAP = "latents-demo-random-VAE-complete-*.png"


def screenshot(page: Path, picture: Path) -> None:
    """Take a screenshot of the top of the page."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        tab = browser.new_page(viewport=SIZE, color_scheme="light")
        tab.goto(page.absolute().as_uri())
        tab.select_option("#testset", label="complete")
        tab.select_option("#row", label="VAE")
        tab.wait_for_timeout(2000)  # ms, for the charts
        tab.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    runs = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    if code := main([str(runs), "--html", "--figures"]):
        sys.exit(code)
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else DOCS
    screenshot(runs / "report.html", folder / "report.png")
    shutil.copyfile(next((runs / "figures").glob(MAP)), folder / "latents.png")
