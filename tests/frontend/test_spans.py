"""The Spans view in a real Chromium: its figures are the API's, and its what-if is what the model loses."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from playwright.sync_api import Browser, Page, expect

from analysis import open_checkpoint
from model import load
from model.corpora import keep
from model.runs import Run
from model.use import measure_use
from tests.backend.conftest import TINY, save
from tests.browser import Visit, service

pytestmark = pytest.mark.browser
SHIPPED = Path(__file__).parents[2] / "model/shelf/classics-adaptive/checkpoints/step-00009800"
LONG = {"alphabet": "bytes", "corpus": "enwik8", "span_limit": 64, "z_start": 50.0}
ON = "() => [...document.querySelectorAll('{}')].flatMap((plot) => plot.data)"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """Small models of a corpus made up in the place of enwik8, and one whose corpus is damaged."""
    runs, data = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("data")
    specs = {"long": TINY.replace(**LONG), "moving": TINY.replace(**LONG, variant="dynamic")}
    for name, spec in {**specs, "lost": TINY}.items():
        run = Run.create(runs, name, spec)
        save(run, 10, 3.0)
        file = run.checkpoint(10) / "summary.json"
        tokens = np.random.default_rng(0).integers(27, size=300, dtype=np.uint8)
        use = measure_use(load(run.checkpoint(10)), tokens, 0.01)
        file.write_text(json.dumps({**json.loads(file.read_text()), "use": use.to_dict()}))
    text = bytes(range(32, 127)) * 30
    for corpus in ("enwik8", "text8"):
        keep((text, text, text), data / corpus)
    (data / "text8/valid.bin").write_bytes(b"damaged")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPANSCOPE_DATA", str(data))
        environment.setenv("OMP_NUM_THREADS", "1")
        with service(runs) as address:
            yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def what_if(visit: Visit, *cuts: tuple[int, int, int]) -> Any:
    spans = [{"layer": layer, "head": head, "span": span} for layer, head, span in cuts]
    root = f"{visit.address}/api/v1/checkpoints/long@10/what-if"
    return visit.page.request.post(root, data={"spans": spans}).json()


def written(answer: Any) -> str:
    sign = "−" if answer["bits"] < 0 else "+"
    return f"{sign}{abs(answer['bits']):.4f} ± {answer['bits_error']:.4f}"


def percent(change: dict[str, float]) -> str:
    less = 100 * (1 - change["after"] / change["before"])
    return f"−{f'{less:.1f}'.removesuffix('.0') if less < 9.95 else f'{less:.0f}'}%"


def traces(figure: go.Figure) -> list[dict[str, Any]]:
    return [{"name": t.name, "x": list(t.x), "y": list(t.y)} for t in figure.data]


def points(drawn: list[Any], name: str | None = None) -> list[tuple[float, float]]:
    """What the traces of a name show, wherever they stand in the figure."""
    own = [trace for trace in drawn if name is None or trace.get("name") == name]
    return sorted((x, y) for t in own for x, y in zip(t["x"], t["y"], strict=True))


def test_the_figures_are_those_of_python(page: Page, address: str) -> None:
    """From a folder, from a service, on the page: the same pictures."""
    root = f"{address}/api/v1/checkpoints/classics-adaptive"
    here, there = open_checkpoint(SHIPPED), open_checkpoint(f"{root}@latest")
    assert here.config == there.config
    assert_frame_equal(here.spans, there.spans)
    assert_frame_equal(here.heads, there.heads, check_dtype=False)
    for reduce in ("all", "layer", "head"):
        text = ("Über uns", ["span", "outside"], reduce, "In ")
        assert_frame_equal(here.read_text(*text), there.read_text(*text), check_dtype=False)
    with pytest.raises(Exception, match="answers 404"):
        open_checkpoint(f"{root}@1")

    Visit(page, address).open("/spans#head=L3H3")
    for place, figure, names in (
        ("#spans-figure", there.spans_figure(), [None]),
        ("#reach", there.reach_figure(), ["all that it may", "heads"]),
        ("#distribution", there.distribution_figure(), ["may look", "do look"]),
        ("#head-use", there.head_figure(3, 3), ["attention"]),
    ):
        shown, drawn = page.evaluate(ON.format(place)), traces(figure)
        for name in names:
            assert_allclose(points(shown, name), points(drawn, name), err_msg=f"{place} {name}")
    # the page draws fewer points of the mask
    mask = points(page.evaluate(ON.format("#head-use")), "mask")
    whole = dict(points(traces(there.head_figure(3, 3)), "mask"))
    assert len(mask) > 100 and all(whole[x] == pytest.approx(y, abs=1e-4) for x, y in mask)
    cells = page.locator("#spans-map [role=gridcell]").all_text_contents()
    assert cells == [str(span) for row in there.map_figure().data[0].text[::-1] for span in row]


def test_a_slider_cuts_spans_and_what_that_loses_stands_beside_it(visit: Visit) -> None:
    page = visit.open("/spans#checkpoint=long@10&head=L1H0")
    bar, panel = page.locator(".sheet-bar"), page.locator("#head-panel .panel")
    if bar.is_visible():
        expect(panel).to_be_hidden()
        bar.click()
    expect(panel).to_be_visible()
    slider, facts = page.locator("#cut-span"), page.locator("#what-if")
    assert slider.get_attribute("aria-valuetext") == "not cut, 58 bytes"
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    span = int((slider.get_attribute("aria-valuetext") or "").split()[0])
    assert 8 < span < 58 and page.url.endswith(f"&cuts=L1H0:{span}")
    answer = what_if(visit, (1, 0, span))
    expect(facts).to_contain_text(f"{span} of 58")
    expect(facts).to_contain_text(written(answer))
    for name in ("flops", "cache_bytes"):
        expect(facts).to_contain_text(percent(answer[name]))
    expect(facts).to_contain_text("held-out text (enwik8)")
    # it moved in the figures, and where it was is marked
    cell = page.get_by_role("gridcell", name=f"L1·H0, span {span} bytes", exact=True)
    expect(cell).to_have_attribute("data-cut", "")
    for place in ("#spans-figure", "#reach"):
        ghosts = [t for t in page.evaluate(ON.format(place)) if t.get("name") == "uncut"]
        assert [t["customdata"] for t in ghosts] == [["L1H0"]]

    # a second head; the first stays cut
    page.evaluate("location.hash = location.hash.replace('head=L1H0', 'head=L0H1')")
    expect(page.locator("#head-panel h2").first).to_have_text("L0·H1")
    slider.press("Home")
    answer = what_if(visit, (1, 0, span), (0, 1, 1))
    expect(page.locator(".as-if")).to_contain_text(
        f"L1·H0 to {span}, L0·H1 to 1: {written(answer)}"
    )
    page.reload()
    visit.ready()
    expect(page.locator(".as-if")).to_contain_text(written(answer))

    # Text is given the same cuts, and Back comes back to them
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    visit.ready()
    assert f"cuts=L1H0:{span},L0H1:1" in page.url and "/text" in page.url
    page.go_back()
    visit.ready()
    if bar.is_visible():
        bar.click()
    page.get_by_role("button", name="Give L1·H0 its span back").click()
    assert page.url.endswith("cuts=L0H1:1")
    page.get_by_role("button", name="reset").first.click()
    assert "cuts" not in page.url
    expect(page.locator(".as-if")).to_be_empty()
    if bar.is_visible():
        page.locator("#head-panel button.link").focus()
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        expect(bar).to_be_focused()


def test_where_the_corpus_cannot_be_had_it_says_so(page: Page, address: str) -> None:
    Visit(page, address).open("/spans#checkpoint=lost@10&cuts=L0H0:4")
    expect(page.locator("#what-if .wrong")).to_contain_text("`spanscope corpus text8`")


def test_bars_of_a_dynamic_head_end_at_the_cut(page: Page, address: str) -> None:
    Visit(page, address).open("/spans#checkpoint=moving@10&head=L0H1&cuts=L0H1:12")
    expect(page.locator(".as-if")).to_contain_text("bits a byte")
    root = f"{address}/api/v1/checkpoints/moving@10"
    cut = page.request.post(
        f"{root}/what-if", data={"spans": [{"layer": 0, "head": 1, "span": 12}]}
    )
    head = page.request.get(f"{root}/spans").json()["heads"][1]
    after = cut.json()["spans"][0]["after"]
    assert head["p90"] > 12 > after
    chosen = page.evaluate(ON.format("#spans-figure"))[1]
    assert chosen["customdata"] == ["L0H1"] and chosen["y"] == [pytest.approx(after)]
    assert chosen["error_y"]["array"] == [pytest.approx(12 - after)]


def test_heads_are_sorted_filtered_and_saved(page: Page, address: str) -> None:
    Visit(page, address).open("/spans")
    heads = page.request.get(f"{address}/api/v1/checkpoints/classics-adaptive@latest/heads").json()
    rows = page.locator(".heads tbody tr")
    page.get_by_label("Filter heads").fill("L5 entropy>3.2")
    page.get_by_role("button", name="entropy").click()
    wanted = sorted(
        (h for h in heads["heads"] if h["layer"] == 5 and h["entropy"] > 3.2),
        key=lambda h: -h["entropy"],
    )
    assert rows.evaluate_all("(rows) => rows.map((row) => row.dataset.head)") == [
        f"L5H{h['head']}" for h in wanted
    ]
    expect(page.locator(".heads th[aria-sort=descending]")).to_have_text("entropy")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of the heads below").click()
    with download.value.path().open(newline="") as file:
        saved = list(csv.DictReader(file))
    assert [float(row["entropy"]) for row in saved] == [h["entropy"] for h in wanted]
    rows.nth(1).click()
    assert page.url.endswith(f"head=L5H{wanted[1]['head']}")


def test_a_figure_saved_as_html_opens_by_itself(
    page: Page, address: str, browser: Browser, tmp_path: Path
) -> None:
    Visit(page, address).open("/spans#head=L3H3")
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML of “Span of every head”").click()
    name = download.value.suggested_filename
    assert name.startswith("span-of-every-head-classics-adaptive@") and name.endswith(".html")
    download.value.save_as(tmp_path / name)
    alone = browser.new_context(offline=True).new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(f"file://{tmp_path / name}")
    expect(alone.locator("#figure .main-svg").first).to_be_visible()
    expect(alone.locator("body")).to_contain_text("L3·H3")
    assert len(asked) == 1
    heights = alone.evaluate("document.querySelector('#figure').data.flatMap(({ y }) => y).length")
    assert heights == 48
    alone.context.close()
