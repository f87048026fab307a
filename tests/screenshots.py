"""`make screenshots`: each view in light and dark, wide and narrow."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import chromium, chromium_path, service

VIEWS = ("spans", "text")
WIDTHS = (1280, 380)


def photograph(browser: Browser, address: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        for width in WIDTHS:
            size = {"width": width, "height": 900}
            page = browser.new_page(viewport=size, color_scheme=theme)
            for view in VIEWS:
                page.goto(f"{address}/{view}")
                page.wait_for_selector("html[data-ready=true]")
                path = folder / f"{view}-{theme}-{width}.png"
                page.screenshot(path=path, full_page=True)
                print(path)
            page.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium_path()
    if path is None:
        sys.exit("Chromium is missing (Debian: apt-get install chromium)")
    with (
        tempfile.TemporaryDirectory() as runs,
        service(Path(runs)) as address,
        chromium(path) as browser,
    ):
        photograph(browser, address, folder)
