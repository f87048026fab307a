"""What must hold of every view in views.js, whichever there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import axe
from tests.browser import Visit, service, view_names

pytestmark = pytest.mark.browser
PLACES = [*view_names(), "training#preset=quick"]
SHIFTS = """
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifted = (window.shifted ?? 0) + value;
}).observe({ type: 'layout-shift', buffered: true });
"""
MOST_SHIFT = 0.05
"""Of the layout while a view loads; 0.1 counts as good (web.dev/cls)."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


@pytest.mark.parametrize("width", [380, 1280])
@pytest.mark.parametrize("place", PLACES)
def test_a_view_keeps_nobody_out(browser: Browser, address: str, place: str, width: int) -> None:
    script = axe.source()
    if script is None:
        pytest.skip(f"{axe.PACKAGE} is missing: it needs npm (Debian: apt-get install npm)")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light")
    Visit(page, address).open(f"/{place}")
    found = axe.findings(page, script)
    page.emulate_media(color_scheme="dark")
    found += axe.findings(page, script)
    page.close()
    assert found == []


@pytest.mark.parametrize("place", PLACES)
def test_a_view_loads_without_jumps_and_keeps_to_itself(visit: Visit, place: str) -> None:
    # the fixture looks for errors, requests to other hosts and sideways scrolling
    visit.page.add_init_script(SHIFTS)
    page = visit.open(f"/{place}")
    assert (page.evaluate("window.shifted") or 0) <= MOST_SHIFT
