"""A real Chromium, and pages in it: wide and light, narrow and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import Visit, chromium, chromium_path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("Chromium is missing (Debian: apt-get install chromium)")
    with chromium(path) as browser:
        yield browser


@pytest.fixture(params=[("light", 1280), ("dark", 380)], ids=["light-wide", "dark-narrow"])
def visit(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Visit]:
    theme, width = request.param
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    visit = Visit(page, address)
    yield visit
    assert visit.wrong == []
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide), "the page scrolls sideways"
    page.close()
