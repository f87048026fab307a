"""`make bench-page`: how the page feels, in a real Chromium with the shipped model. Prints medians beside their bars.

What a module of this folder named here measures is what its `measure(page, base)` gives by name.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.bench_page import paint
from tests.browser import chromium, chromium_path, service

OUTPUT = Path("build/bench-page.json")
MODULES = ("text", "attention")
BARS = {
    r"first figure drawn, first visit, of plotly\.js alone": 1.5,
    r"keystroke_ms_after_1000": 150,
    r"one_more_of_whole_after_8000": 1 / 50,
    r"overview_bytes_of_8192": 2e6,
    r"map of 8,192, near head.* bytes of the map": 300e3,
    r"map of 8,192.* longest frame, ms": 100,
    r"overview of 512, every head, bytes": 1e6,
    r"map of 512, near head.* bytes of the map": 100e3,
}


def measured(path: str) -> dict[str, float]:
    found = {}
    with (
        tempfile.TemporaryDirectory() as runs,
        service(Path(runs)) as base,
        chromium(path) as browser,
    ):
        found |= paint.measure(browser, base)
        for name in MODULES:
            module = f"tests.bench_page.{name}"
            if find_spec(module):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                found |= import_module(module).measure(page, base)
                page.close()
    return found


def table(found: dict[str, float]) -> str:
    lines = ["| what | median | bar | |", "| --- | ---: | ---: | --- |"]
    for name, value in found.items():
        bar = next((bar for pattern, bar in BARS.items() if re.fullmatch(pattern, name)), None)
        held = "" if bar is None else "held" if value <= bar else "**missed**"
        lines.append(f"| {name} | {value:,.4g} | {'' if bar is None else f'{bar:,.4g}'} | {held} |")
    return "\n".join(lines)


if __name__ == "__main__":
    path = chromium_path()
    if path is None:
        sys.exit("Chromium is missing (Debian: apt-get install chromium)")
    found = measured(path)
    print(table(found))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(found, indent=1), encoding="utf-8")
