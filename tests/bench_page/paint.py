"""How long until the page is usable, beside a page that does nothing but load and evaluate the same plotly.js."""

from __future__ import annotations

import re
from statistics import median

from playwright.sync_api import Browser, Route

EMPTY = """<!doctype html><html lang="en"><title>plotly.js alone</title>
<script async src="{plotly}" onload="document.documentElement.dataset.ready = true"></script>"""
WATCH = """
new MutationObserver(() => {
  if (document.documentElement.dataset.ready === 'true') window.usable ??= performance.now();
}).observe(document, { attributes: true, attributeFilter: ['data-ready'], subtree: true });
"""
"""In milliseconds since the navigation began."""


def measure(browser: Browser, base: str, rounds: int = 9) -> dict[str, float]:
    """Medians in milliseconds; both pages in turn, each with an empty cache as on a first visit and then once more."""
    times: dict[str, list[float]] = {}
    for path in ("/spans", "/empty") * rounds:
        for visit, taken in zip(("first", "again"), _visits(browser, base, path), strict=True):
            times.setdefault(f"{path} {visit}", []).append(taken)
    return {name: median(taken) for name, taken in times.items()}


def _visits(browser: Browser, base: str, path: str) -> list[float]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(WATCH)
    page = context.new_page()
    if path == "/empty":
        page.goto(base + "/healthz")
        html = page.request.get(base + "/spans").text()
        found = re.search(r'src="(/assets/plotly[^"]+)"', html)
        assert found

        def empty(route: Route) -> None:
            route.fulfill(body=EMPTY.format(plotly=found[1]), content_type="text/html")

        page.route("**/empty", empty)
    taken = []
    for _ in range(2):
        page.goto(base + path)
        page.wait_for_selector("html[data-ready=true]", timeout=60_000)
        taken.append(page.evaluate("window.usable"))
    context.close()
    return taken
