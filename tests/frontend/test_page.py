"""The page in a real Chromium, with the shipped model: what is drawn is what the API says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from model.original import import_run
from tests.browser import ADAPTIVE, Visit, service

pytestmark = pytest.mark.browser
IMPORTED = Path(__file__).parents[1] / "model/fixtures/facebook-format-a.pt"
TEXT = "To be, or not to be: that is the question."


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    runs = tmp_path_factory.mktemp("runs")
    import_run(IMPORTED, runs / "imported")
    with service(runs) as address:
        yield address


def test_the_map_and_the_figure_show_the_spans_of_the_api(visit: Visit) -> None:
    page = visit.open("/spans")
    heads = visit.api("spans")["heads"]
    cells = page.locator("#spans-map [role=gridcell]")
    expect(cells).to_have_count(len(heads))
    for head in heads:
        name = f"L{head['layer']}·H{head['head']}, span {head['span']} bytes"
        expect(page.get_by_role("gridcell", name=name, exact=True)).to_have_text(str(head["span"]))
    # on a log axis equal ratios are equal heights, layers go from left to right
    drawn = page.evaluate(
        """() => document.querySelector('#spans-figure').data.flatMap(({ customdata, y }) => customdata.map((key, i) => [key, y[i]]))"""
    )
    assert dict(drawn) == {f"L{h['layer']}H{h['head']}": h["span"] for h in heads}
    centres = page.evaluate(
        """() => [...document.querySelectorAll('#spans-figure .point')].map((point) => {
            const box = point.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        })"""
    )
    assert len(centres) == len(heads)
    heights = sorted({round(y) for _, y in centres})
    assert len(heights) > 5 and heights[-1] - heights[0] > 150
    lowest, highest = min(h["span"] for h in heads), max(h["span"] for h in heads)
    by_height = sorted(centres, key=lambda centre: centre[1])
    longest = max(heads, key=lambda h: h["span"])
    spread = max(x for x, _ in centres) - min(x for x, _ in centres)
    place = (by_height[0][0] - min(x for x, _ in centres)) / spread
    layers = 1 + max(h["layer"] for h in heads)
    assert highest > lowest and abs(place - (longest["layer"] + 0.5) / layers) < 0.6 / layers


def test_every_figure_can_be_read_as_a_table(visit: Visit) -> None:
    page = visit.open("/spans")
    button = page.get_by_role("button", name="table of “Span of every head”")
    button.press("Enter")
    table = page.get_by_role("dialog", name="Span of every head, as a table")
    rows = table.locator("tbody tr")
    heads = visit.api("spans")["heads"]
    expect(rows).to_have_count(len(heads))
    shown = [row.split("\t") for row in rows.all_inner_texts()]
    named = {(row[0], row[1]) for row in shown}
    assert named == {(str(head["layer"]), str(head["head"])) for head in heads}
    page.keyboard.press("Escape")
    expect(table).to_have_count(0)
    expect(button).to_be_focused()


def test_a_chosen_head_is_shown_everywhere_and_in_the_address(visit: Visit) -> None:
    page = visit.open("/spans")
    head = visit.api("spans")["heads"][10]
    cell = page.get_by_role("gridcell", name=f"L1·H2, span {head['span']} bytes", exact=True)
    cell.click()
    panel = page.locator("#head-panel")
    expect(panel).to_contain_text("L1·H2")
    expect(panel).to_contain_text(f"{head['span']} bytes")
    expect(cell).to_have_attribute("aria-selected", "true")
    assert "head=L1H2" in page.url
    page.keyboard.press("ArrowRight")
    expect(panel).to_contain_text("L1·H3")
    page.reload()
    visit.ready()
    expect(page.locator("#head-panel")).to_contain_text("L1·H3")
    # the mask of the chosen head falls from 1 to 0 over the ramp
    mask = page.evaluate(
        "() => [...document.querySelectorAll('#head-panel .plot')].flatMap((plot) => plot.data ?? []).map(({ y }) => [...y])"
    )
    assert any(min(y) == 0 and max(y) == 1 for y in mask)


def test_characters_are_coloured_by_the_attention_distance_of_the_api(visit: Visit) -> None:
    page = visit.open(f"/text#checkpoint={ADAPTIVE}")
    page.locator("#text-input").fill(TEXT)
    page.wait_for_timeout(200)
    expect(page.locator("#text-coloured span")).to_have_count(len(TEXT), timeout=20_000)
    visit.ready()
    answer = visit.api("analyses", text=TEXT, fields=["distance"], reduce="all")
    distance = unpack(page, answer["fields"]["distance"])
    shown = page.evaluate(
        """() => [...document.querySelectorAll('#text-coloured span')].map((span) =>
            [span.textContent, span.dataset.value, getComputedStyle(span).backgroundColor])"""
    )
    assert "".join(character for character, _, _ in shown) == TEXT
    values = [float(value) for _, value, _ in shown[1:]]
    assert values == pytest.approx(distance[1:], rel=0.01, abs=0.01)
    # the further, the further along the scale: the extremes have different colours, equal values equal ones
    least, most = values.index(min(values)), values.index(max(values))
    assert shown[1 + least][2] != shown[1 + most][2]
    assert len({colour for _, _, colour in shown}) > 5
    status = page.locator("#text-status")
    expect(status).to_contain_text(f"{answer['bpc']:.2f} bits a byte · {len(TEXT)} bytes")


def unpack(page: Page, typed: dict[str, str]) -> list[float]:
    values: list[float] = page.evaluate(
        "(bdata) => [...new Float32Array(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer)]",
        typed["bdata"],
    )
    return values


def test_a_link_opens_the_text_the_measure_and_the_head(visit: Visit) -> None:
    text = "In the beginning 🙂"
    choices = f"checkpoint={ADAPTIVE}&head=L5H1&of=head&show=span&text={quote(text)}"
    page = visit.open(f"/text#{choices}")
    expect(page.locator("#text-input")).to_have_value(text)
    span = next(h["span"] for h in visit.api("spans")["heads"] if (h["layer"], h["head"]) == (5, 1))
    values = page.locator("#text-coloured span").evaluate_all(
        "(spans) => spans.map((span) => Number(span.dataset.value))"
    )
    assert values == [span] * len(text)
    curve = page.evaluate(
        "() => document.querySelector('#text-along').data.map(({ y }) => y.length)"
    )
    assert max(curve) == len(text.encode())


def test_typing_a_text_that_cannot_be_read_says_why(visit: Visit) -> None:
    page = visit.open("/text")
    page.locator("#text-input").fill("x" * 20_001)
    expect(page.locator("#trouble")).to_contain_text("at most 20,000", timeout=20_000)
    visit.wrong = [wrong for wrong in visit.wrong if "413" not in wrong]
    page.locator("#text-input").fill("")
    expect(page.locator("#headline")).to_have_text("What should the model read?")


def test_an_imported_model_shows_its_curves_and_says_what_a_text_needs(visit: Visit) -> None:
    page = visit.open("/spans#checkpoint=imported@2000&head=L1H2")
    expect(page.locator("#head-panel")).to_contain_text("152 symbols")
    drawn = page.evaluate(
        "() => [...document.querySelectorAll('#head-panel .plot')].flatMap((plot) => plot.data ?? []).map(({ y }) => [...y])"
    )
    assert [60, 128] in drawn and [33, 40] in drawn
    page.keyboard.press("2")
    visit.ready()
    expect(page.locator("#headline")).to_have_text("This model cannot read a text yet.")
    expect(page.locator("#view")).to_contain_text("--corpus FILE")


def test_views_themes_and_help_by_keyboard(visit: Visit) -> None:
    page = visit.open("/")
    headline = page.locator("#headline")
    expect(headline).to_contain_text("heads look back")
    page.keyboard.press("2")
    visit.ready()
    assert "/text" in page.url and page.evaluate("document.documentElement.dataset.view") == "text"
    page.go_back()
    visit.ready()
    assert page.evaluate("document.documentElement.dataset.view") == "spans"
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    after = before
    for _ in range(2):
        page.keyboard.press("t")
        after = page.evaluate("getComputedStyle(document.body).backgroundColor")
        if after != before:
            break
    assert after != before
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()


def test_the_picker_lists_and_opens_checkpoints(visit: Visit) -> None:
    page = visit.open("/spans")
    page.locator("#picker > button").click()
    options = page.locator("#checkpoints [role=option]")
    items = page.request.get(f"{visit.address}/api/v1/checkpoints").json()["items"]
    expect(options).to_have_count(len(items))
    options.nth(1).click()
    visit.ready()
    expect(page.locator("#picker > button")).to_contain_text(f"step {items[1]['step']:,}")
    assert re.search(rf"checkpoint={items[1]['id']}", page.url)


def test_the_documentation_of_the_api_loads_from_here(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.address}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
