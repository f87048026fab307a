"""How long until the page is usable, beside a page that does nothing but load and evaluate the same plotly.js."""

from __future__ import annotations

import re
from statistics import median
from urllib.request import urlopen

import numpy as np
from playwright.sync_api import Browser, Route

Times = list[list[float]]
EMPTY = """<!doctype html><html lang="en" data-ready="false"><title>plotly.js alone</title>
<script async src="{plotly}" onload="performance.mark('figure drawn'), document.documentElement.dataset.ready = true"></script>"""
READY = """
new MutationObserver(() => {
  if (document.documentElement.dataset.ready === 'true') window.ready ??= performance.now();
}).observe(document, { attributes: true, attributeFilter: ['data-ready'], subtree: true });
"""
TIMES = "[performance.getEntriesByName('figure drawn')[0].startTime, window.ready]"
"""Milliseconds since the navigation began, kept by the page itself: its first figure drawn, and all of them."""


def measure(browser: Browser, base: str, rounds: int = 9) -> dict[str, float]:
    """Medians of milliseconds and of ratios: with an empty cache, as on a first visit, and once more with a full one.

    Both pages come in turn, so that a busy machine is busy for both. The second time plotly.js is not compiled anew.
    """
    pages: dict[str, list[Times]] = {"/spans": [], "/empty": []}
    for _ in range(rounds):
        for path, taken in pages.items():
            taken.append(_visits(browser, base, path))
    found = {}
    for i, visit in enumerate(("first visit", "later visit")):
        ours, alone = (np.array(taken)[:, i] for taken in pages.values())
        found[f"plotly.js alone, {visit}, ms"] = median(alone[:, 0])
        for j, what in enumerate(("first figure drawn", "all figures drawn")):
            found[f"{what}, {visit}, ms"] = median(ours[:, j])
            found[f"{what}, {visit}, of plotly.js alone"] = median(ours[:, j] / alone[:, 0])
    return found


def _visits(browser: Browser, base: str, path: str) -> Times:
    """Two of one page, by a browser that was never there."""
    html = urlopen(f"{base}/spans").read().decode()
    plotly = re.search(r'src="(/assets/plotly[^"]+)"', html)
    assert plotly

    def empty(route: Route) -> None:
        route.fulfill(body=EMPTY.format(plotly=plotly[1]), content_type="text/html")

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(READY)
    page = context.new_page()
    page.route("**/empty", empty)
    taken = []
    for _ in range(2):
        page.goto(base + path)
        page.wait_for_selector("html[data-ready=true]", timeout=60_000)
        taken.append(page.evaluate(TIMES))
    context.close()
    return taken
