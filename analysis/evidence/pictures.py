"""Figures as SVG, drawn by plotly.js in Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import plotly.graph_objects as go

WIDTH = 760
RANDOM = re.compile(r"\b(clip|(?:top)?defs-|trace|legend)[0-9a-f]{6}")
"""What plotly.js names anew in each drawing."""
DRAW = """([json, width, height]) => {
    const {data, layout} = JSON.parse(json);
    return Plotly.toImage({data, layout}, {format: 'svg', width, height});
}"""


def draw(figures: Mapping[Path, go.Figure], height: int = 380) -> None:
    """Write each to its file. Raises RuntimeError where there is no Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("figures need Chromium (Debian: apt-get install chromium)")
    plotly_js = files("plotly").joinpath("package_data", "plotly.min.js")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=plotly_js.read_text(encoding="utf-8"))
        for file, figure in figures.items():
            figure.update_layout(paper_bgcolor="white")
            own_height = int(figure.layout.height or height)
            address = page.evaluate(DRAW, [figure.to_json(), WIDTH, own_height])
            drawn = RANDOM.sub(rf"\1{file.stem}", unquote(address.partition(",")[2]))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(drawn + "\n", encoding="utf-8")
        browser.close()
