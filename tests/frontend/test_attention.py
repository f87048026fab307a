"""The Attention view in a real Chromium: what is drawn and named is what the API says, and no more of it is fetched than is seen."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser import Visit, service

pytestmark = pytest.mark.browser
HEAD = {"layer": 5, "head": 2}
TEXT = "To be, or not to be: that is the question.\nWhether 'tis nobler in the mind to suffer — or not.\n"
PIXELS = """async (cells) => {
    const { palette } = await import(new URL('views/attention/palette.js', document.querySelector('script[type=module]').src));
    const canvas = document.querySelector('#attention-map canvas');
    const pen = canvas.getContext('2d');
    const [wide, high] = [canvas.clientWidth - 56 - 12, canvas.clientHeight - 8 - 44];
    const colours = palette();
    const drawn = new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return cells.map(([column, columns, y, code]) => {
        const at = [56 + (column + 0.5) * wide / columns, 8 + y * high].map((place) => Math.floor(place * devicePixelRatio));
        return drawn[at[1] * canvas.width + at[0]] === colours[code];
    });
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


def numbers(packed: dict[str, str]) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(base64.b64decode(packed["bdata"]), f"<{packed['dtype']}")
    return flat.reshape([int(n) for n in packed["shape"].split(",")])


def band(visit: Visit, **body: Any) -> np.ndarray[Any, Any]:
    answer = visit.api("attention", **{"text": TEXT, "heads": [HEAD], **body})
    return numbers(answer["bands"][0]["weights"])


def open_text(visit: Visit, choices: str = "") -> Page:
    return visit.open(f"/attention#head=L5H2&text={quote(TEXT)}{choices}")


def shown(weight: float) -> str:
    """A weight as the page writes it."""
    percent = 100 * weight
    if percent < 0.01:
        return "under 0.01%"
    if percent < 0.1:
        return f"{float(f'{percent:.1g}'):g}%"
    digits = f"{percent:.1f}" if percent < 9.95 else f"{percent:.0f}"
    return re.sub(r"\\.0$", "", digits).removesuffix(".0") + "%"


def zoomed(url: str) -> tuple[int, int]:
    first, stop = re.findall(r"rows=(\d+):(\d+)", url)[0]
    return int(first), int(stop)


def readout(page: Page) -> str:
    return " ".join(page.locator("#attention-readout p:not(.hidden)").all_inner_texts())


def test_each_pixel_has_the_colour_of_its_weight(visit: Visit) -> None:
    page = open_text(visit, "&at=3:-40")
    codes = band(visit, form="display")
    rows, reach = codes.shape
    edge = np.log(np.arange(1, reach + 2)) / np.log(reach + 1)
    cells = [
        [row, rows, edge[distance - 1 : distance + 1].mean(), int(codes[row, distance - 1])]
        for row in range(40, rows, 3)
        for distance in (1, 2, 3, 20)
    ]
    assert np.mean(page.evaluate(PIXELS, cells)) > 0.98


def test_the_cross_hair_names_query_key_and_weight(visit: Visit) -> None:
    page = open_text(visit)
    weights, text = band(visit), TEXT.encode()
    picture = page.locator("#attention-map")
    picture.focus()
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    strongest = 1 + int(weights[50].argmax())
    expect(page.locator("#attention-readout")).to_contain_text("byte 50")
    expect(page.locator("#attention-readout")).to_contain_text(f"{strongest} byte")
    expect(page.locator("#attention-readout .weight")).to_have_text(shown(weights[50].max()))
    key = text[50 - strongest : 51 - strongest].decode().replace("\n", "⏎")
    expect(page.locator("#attention-readout p:nth-child(2) mark")).to_have_text(key)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#attention-readout .weight")).to_have_text(shown(weights[51, strongest]))
    expect(page.locator("#attention-readout [role=status]")).to_contain_text(
        "byte 51", timeout=3000
    )
    page.wait_for_url(re.compile(f"at=51:{50 - strongest}"))
    # the list of keys is the row, the heaviest first
    visit.ready()
    expect(page.locator("#row-panel .note").first).to_have_text(f"byte 51 of {len(text)}")
    listed = page.locator("#row-panel .keys tr").all_inner_texts()
    heaviest = np.argsort(-weights[51], kind="stable")
    assert [int(line.split()[0]) for line in listed] == [
        1 + int(i) for i in heaviest[: len(listed)]
    ]
    assert [line.split()[-1] for line in listed] == [
        shown(weights[51, i]) for i in heaviest[: len(listed)]
    ]
    before = readout(page)
    page.reload()
    visit.ready()
    expect(page.locator("#attention-readout .weight")).to_have_text(shown(weights[51, strongest]))
    assert readout(page) == before


def test_zooming_and_panning_are_in_the_address_and_come_back(visit: Visit) -> None:
    page = open_text(visit)
    picture = page.locator("#attention-map")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + 150
    page.mouse.move(x, y)
    under = readout(page)
    for _ in range(4):
        page.mouse.wheel(0, -120)
    # each turn of the wheel leaves 0.83 of what was seen, four of them less than a half
    page.wait_for_url(
        lambda url: "rows=" in url and zoomed(url)[1] - zoomed(url)[0] < len(TEXT) / 2
    )
    first, stop = zoomed(page.url)
    assert 0 < first < stop < len(TEXT.encode())
    page.mouse.move(x, y)
    assert readout(page) == under, "what lay under the pointer still does"
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=3)
    page.mouse.up()
    page.wait_for_url(lambda url: f"rows={first}:{stop}" not in url)
    moved = int(re.findall(r"rows=(\d+)", page.url)[0])
    assert moved < first
    title = page.locator(".map-block h2").inner_text()
    assert title.startswith(f"L5·H2, bytes {moved} to")
    page.reload()
    visit.ready()
    expect(page.locator(".map-block h2")).to_have_text(title)
    page.get_by_role("button", name="See fewer distances, nearer").click()
    page.wait_for_url(re.compile(r"back=\d+:\d+"))
    page.get_by_role("button", name="whole text").click()
    page.wait_for_url(lambda url: "rows=" not in url and "back=" not in url)
    expect(page.locator(".map-block h2")).to_have_text(
        f"L5·H2, bytes 0 to {len(TEXT.encode()) - 1}"
    )


def test_every_head_is_drawn_as_it_comes_into_view_and_is_a_click_away(visit: Visit) -> None:
    page = open_text(visit, "&at=60:50")
    cells = page.locator("#attention-multiples [role=gridcell]")
    cells.last.scroll_into_view_if_needed()
    expect(page.locator("#attention-multiples canvas[data-drawn]")).to_have_count(
        48, timeout=15_000
    )
    page.get_by_role("gridcell", name=re.compile("^L3·H1,")).click()
    expect(page.locator(".map-block h2")).to_contain_text("L3·H1")
    assert "head=L3H1" in page.url
    page.keyboard.press("ArrowUp")
    expect(page.locator("#row-panel h2")).to_contain_text("L4·H1")
    visit.ready()
    query = int(page.locator("#row-panel .note").first.inner_text().split()[1])
    answer = visit.api("attention", text=TEXT, rows=[query, query + 1])
    drawn = page.evaluate(
        "() => document.querySelector('#attention-heads').data[0].z.map((line) => [...line])"
    )
    for column, one in enumerate(answer["bands"]):
        weights = numbers(one["weights"])[0]
        sums = [weights[0], weights[1], weights[2:4].sum(), weights[4:8].sum()]
        expected = [max(0.0, 1 + np.log10(max(part, 1e-4)) / 4) for part in sums]
        assert [line[column] for line in drawn[:4]] == pytest.approx(expected, abs=2e-3)
    page.locator("summary", has_text="as a table").click()
    row = page.locator(".attention details table tbody tr").nth(8 * 5 + 2)
    weights = numbers(answer["bands"][42]["weights"])[0]
    expect(row).to_contain_text("L5·H2")
    expect(row.locator("td").last).to_have_text(shown(weights.max()))
    row.get_by_role("button").click()
    expect(page.locator(".map-block h2")).to_contain_text("L5·H2")


def test_the_text_and_the_square_go_along(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visit = Visit(page, address)
    open_text(visit, "&at=3:2")
    page.get_by_label("square").check()
    page.wait_for_url(re.compile("shape=square"))
    visit.ready()
    codes = band(visit, form="display")
    rows = len(codes)
    cells = [
        [key, rows, (query + 0.5) / rows, int(codes[query, query - key - 1])]
        for query in range(40, rows, 5)
        for key in range(query - 20, query, 4)
    ]
    script = PIXELS.replace("canvas.clientWidth - 56 - 12", "canvas.clientHeight - 8 - 44")
    drawn = page.evaluate(script, cells)
    assert np.mean(drawn) > 0.98
    page.locator("#headline").click()
    page.keyboard.press("2")
    visit.ready()
    expect(page.locator("textarea").first).to_have_value(TEXT)
    page.keyboard.press("1")
    visit.ready()
    assert "text=" not in page.url
    held: list[Route] = []
    page.route(
        "**/attention",
        lambda route: (
            held.append(route) if "heads" in route.request.post_data_json else route.continue_()
        ),
    )
    page.keyboard.press("3")
    expect(page.locator(".source summary")).to_contain_text("“To be, or not")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of “The map of a head”").click()
        page.unroute("**/attention")  # what was held goes on
    name = download.value.suggested_filename
    assert "classics-adaptive@" in name and "l5-h2" in name
    lines = download.value.path().read_text().splitlines()
    weights = band(visit)
    last = [float(cell) for cell in lines[-1].split(",")[-weights.shape[1] :]]
    assert len(lines) >= 1 + rows and last == pytest.approx(weights[-1], rel=1e-3, abs=1e-7)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of “Every head over the text”").click()
    lines = download.value.path().read_text().splitlines()
    assert len({tuple(line.split(",")[:2]) for line in lines[1:]}) == 48
    for kind in ("PNG", "SVG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"{kind} of “The map of a head”").click()
        assert Path(download.value.path()).stat().st_size > 10_000
    assert visit.wrong == []
    page.close()


def test_a_long_text_brings_no_more_than_is_seen(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visit = Visit(page, address)
    near = min(visit.api("spans")["heads"], key=lambda head: abs(head["span"] - 34))
    page = visit.open(f"/attention#head=L{near['layer']}H{near['head']}&text=.")
    asked: list[Request] = []
    page.on(
        "request",
        lambda r: asked.append(r) if r.method == "POST" and r.url.endswith("/attention") else None,
    )
    page.locator(".source summary").click()
    page.locator(".source textarea").fill((TEXT * 100).encode()[:8000].decode(errors="ignore"))
    expect(page.locator(".source summary")).to_contain_text("To be, or not", timeout=60_000)
    visit.ready()
    maps = [request for request in asked if len(request.post_data_json.get("heads", [])) == 1]
    size = sum(request.sizes()["responseBodySize"] for request in maps)
    assert 1024 * near["span"] / 2 < size < 300_000
    assert {request.post_data_json["form"] for request in maps} == {"display"}
    expect(page.locator(".legend")).to_contain_text("largest weight of 8 bytes")
    asked.clear()
    page.locator("#attention-map").focus()
    for _ in range(5):
        page.keyboard.press("+")
    page.wait_for_url(re.compile("rows="))
    expect(page.locator(".legend > span")).to_have_text("weight")
    visit.ready()
    maps = [request for request in asked if len(request.post_data_json.get("heads", [])) == 1]
    exact = [request for request in maps if request.post_data_json["form"] == "exact"]
    assert exact and all(
        r.post_data_json["rows"][1] - r.post_data_json["rows"][0] <= 256 for r in exact
    )
    assert visit.wrong == []
    page.close()
