"""`make screenshots`: every view in light and dark, from narrow to very wide, with a run of a minute trained for them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from model.corpora import load
from tests.browser import chromium, chromium_path, service, view_names

PLACES = {view: f"/{view}" for view in view_names()}
PLACES |= {
    "attention": "/attention#head=L5H2",
    "gallery": "/gallery#sort=distance",
    "training": "/training#run=first&head=L2H1",
    "new-run": "/training#preset=quick",
}
WIDTHS = (380, 1280, 2560)
TOUR_WIDTH = 1280
"""At which the first screen is also by itself, for docs/tour.md."""


def train(runs: Path) -> None:
    """A first run, as anybody would begin one."""
    settings = ("steps=300", "evaluate_every=15", "evaluate_tokens=8192", "warmup=30", "hold=60")
    chosen = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "backend", "train", "first", "--preset", "quick"]
    subprocess.run([*command, *chosen, "--runs", str(runs), "--threads", "1"], check=True)


def photograph(browser: Browser, address: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        for width in WIDTHS:
            size = {"width": width, "height": 960}
            page = browser.new_page(viewport=size, color_scheme=theme)
            for view, place in PLACES.items():
                page.goto(address + place)
                page.wait_for_selector("html[data-ready=true]", timeout=60_000)
                if place.startswith("/training#preset"):
                    page.get_by_text("time on this machine").wait_for(timeout=60_000)
                page.evaluate("scrollTo(0, document.body.scrollHeight)")  # some is drawn when seen
                page.wait_for_load_state("networkidle")
                page.evaluate("scrollTo(0, 0)")
                path = folder / f"{view}-{theme}-{width}.png"
                page.screenshot(path=path, full_page=True)
                print(path)
                if width == TOUR_WIDTH:
                    page.screenshot(path=folder / f"{view}-{theme}.png")
            page.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium_path()
    if path is None:
        sys.exit("Chromium is missing (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as runs:
        train(Path(runs))
        load("classics")  # whose passages the Gallery shows
        with service(Path(runs)) as address, chromium(path) as browser:
            photograph(browser, address, folder)
