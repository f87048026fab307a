"""The Compare view in a real Chromium: what is set side by side is what the API says."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect

from model import checkpoint
from model.config import ModelConfig, RunSpec, TrainingConfig
from model.evaluate import evaluate
from model.runs import Run
from model.transformer import Transformer
from tests.browser import Visit, service

pytestmark = pytest.mark.browser
SIZES = ModelConfig(layers=2, heads=3, hidden=12, inner=16, span_limit=64, ramp=8)
SPEC = RunSpec(SIZES, TrainingConfig(steps=20, block=16), corpus="classics")
BITS = {"fixed": 3.2, "adaptive": 3.25, "dynamic": 3.1}
IDS = ",".join(f"our-{variant}@20" for variant in BITS)
TEXT = "To be, or not to be: that is the question."
DRAWN = """(figure) => document.querySelector(figure).data.map(({ name, x, y, customdata }) =>
    ({ name, x: [...x], y: [...y], customdata: [...(customdata ?? [])] }))"""


def save(runs: Path, name: str, step: int, bpc: float, **changes: Any) -> None:
    """A model of random weights, as training would have left it."""
    spec = SPEC.replace(**changes)
    run = Run.create(runs, name, spec) if not (runs / name).exists() else Run(runs / name)
    torch.manual_seed(step)
    net = Transformer(spec.model)
    with torch.no_grad():
        for part, weights in net.named_parameters():
            if part.endswith("span.theta"):
                weights.copy_(torch.rand_like(weights))
            if part.endswith("span.weight"):
                weights.normal_()
    tokens = np.random.default_rng(step).integers(27, size=400, dtype=np.uint8)
    spans = evaluate(net, tokens).spans
    summary = {
        "bpc": {"part": bpc, "valid": bpc - 0.1 if step == 20 else None, "test": None},
        "tokens": 100 * step,
        "seconds": 1.0,
        "created": "2026-01-01T00:00:00+00:00",
        "spans": spans.to_dict() if spans else None,
    }
    checkpoint.save(run.checkpoint(step), net, run.spec, step, summary)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    runs = tmp_path_factory.mktemp("runs")
    for variant, bpc in BITS.items():
        save(runs, f"our-{variant}", 10, bpc + 1, variant=variant)
        save(runs, f"our-{variant}", 20, bpc, variant=variant)
    save(runs, "letters", 20, 2.5, corpus="text8", alphabet="text8")
    with service(runs, SPANSCOPE_SHELF=str(runs / "none")) as address:
        yield address


def api(visit: Visit, path: str, **body: Any) -> Any:
    root, request = f"{visit.address}/api/v1", visit.page.request
    answer = request.post(root + path, data=body) if body else request.get(root + path)
    return answer.json()


def numbers(typed: Any) -> list[float]:
    """Of a trace or an answer, in whichever form."""
    if isinstance(typed, dict):
        return np.frombuffer(base64.b64decode(typed["bdata"]), f"<{typed['dtype']}").tolist()
    return [np.nan if value is None else value for value in typed]


def same(shown: dict[str, Any], told: dict[str, Any]) -> None:
    assert shown["name"] == told["name"]
    assert dict(zip(shown["customdata"], numbers(shown["y"]), strict=True)) == pytest.approx(
        dict(zip(told["customdata"], numbers(told["y"]), strict=True)), nan_ok=True
    )


def cells(page: Page, map: str) -> dict[str, str]:
    """By the names of the heads, as a screen reader has them."""
    found = page.locator(f"#{map} [role=gridcell]").evaluate_all(
        "(cells) => cells.map((cell) => [cell.getAttribute('aria-label').split(',')[0], cell.textContent])"
    )
    return dict(found)


def test_the_variants_of_one_model_are_drawn_as_the_figures_of_the_api(visit: Visit) -> None:
    page = visit.open("/compare")
    expect(page.locator(".chooser li:visible")).to_have_count(3)
    figure = f"/checkpoints/compare?ids={IDS}&format=figure"
    for against in ("flops", "flops_with_positions", "cache_bytes"):
        if against != "flops":
            name = {"flops_with_positions": "FLOPs with positions", "cache_bytes": "cache"}[against]
            page.get_by_role("radio", name=name, exact=True).check(force=True)
            visit.ready()
            assert f"against={against}" in page.url
        told = api(visit, f"{figure}&table=checkpoints&against={against}")["data"]
        shown = page.evaluate(DRAWN, "#cost-figure")
        assert [trace["name"] for trace in shown] == [trace["name"] for trace in told]
        for one, other in zip(shown, told, strict=True):
            points = [
                sorted(zip(numbers(t["x"]), numbers(t["y"]), strict=True)) for t in (one, other)
            ]
            np.testing.assert_allclose(*points)
    told = api(visit, figure)["data"]
    for one, other in zip(page.evaluate(DRAWN, "#layers-figure"), told, strict=False):
        same(one, other)
    items = {item["id"]: item for item in api(visit, "/checkpoints")["items"]}
    fixed, adaptive = items["our-fixed@20"], items["our-adaptive@20"]
    share = f"{100 * adaptive['cache_bytes'] / fixed['cache_bytes']:.0f}% of the cache of A (fixed)"
    expect(page.locator("#headline")).to_contain_text(share)
    expect(page.locator("#headline")).to_contain_text("0.05 bits a byte more")


def test_a_head_is_chosen_in_every_map_and_the_difference_is_that_of_the_api(visit: Visit) -> None:
    page = visit.open("/compare")
    heads = api(visit, f"/checkpoints/compare?ids={IDS}")["heads"]
    for number, letter in enumerate("ABC"):
        told = {f"L{h['layer']}·H{h['head']}": h["spans"][number] for h in heads}
        assert {k: float(v) for k, v in cells(page, f"map-{letter}").items()} == {
            name: round(span) for name, span in told.items()
        }
    difference = cells(page, "map-difference")
    for head in heads:
        text = difference[f"L{head['layer']}·H{head['head']}"].replace("−", "-")
        assert float(text) == pytest.approx(head["differences"][0], abs=0.51)
    page.locator("#map-B [role=gridcell]").nth(0).click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#compare-panel h2")).to_have_text("L1·H1")
    visit.ready()
    page.reload()
    visit.ready()
    for name in ("map-A", "map-B", "map-C", "map-difference"):
        chosen = page.locator(f"#{name} [aria-selected=true]")
        expect(chosen).to_have_attribute("aria-label", re.compile("^L1·H1, "))
    page.locator("#compare-panel").get_by_role("button", name="L1·H1 of our-dynamic").click()
    visit.ready()
    expect(page.locator("#head-panel h2").first).to_have_text("L1·H1")
    assert "/spans#" in page.url and "checkpoint=our-dynamic@20" in page.url
    page.go_back()
    visit.ready()
    expect(page.locator("#compare-panel h2")).to_have_text("L1·H1")


def test_one_text_read_by_two_differs_where_the_api_says(visit: Visit) -> None:
    page = visit.open(f"/compare#ids={IDS}&other=C")
    page.locator("#compare-text textarea").first.fill(TEXT)
    body = {"ids": ["our-fixed@20", "our-dynamic@20"], "text": TEXT}
    told = api(visit, "/checkpoints/compare", **body)
    first, second = (reading["bpc"] for reading in told["readings"])
    finding = page.locator("#compare-finding")
    expect(page.locator("#compare-lines [data-column]")).to_have_count(3 * len(TEXT))
    expect(finding).to_contain_text(f"C needs {abs(second - first):.2f} bits a byte")
    bits = [numbers(reading["bits"]) for reading in told["readings"]]
    page.locator("#compare-lines").focus()
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    here = page.locator("#compare-here")
    expect(here).to_contain_text(f"“e” · bits A {bits[0][4]:.2f}, C {bits[1][4]:.2f}")
    running = page.evaluate(DRAWN, "#compare-along")[0]["y"]
    assert running[-1] == pytest.approx(sum(bits[1][1:]) - sum(bits[0][1:]), abs=1e-3)
    page.locator("#compare-text .segments label", has_text="span").click()
    spans = numbers(told["differences"][0]["span"])
    expect(finding).to_contain_text(f"C looks back {abs(np.mean(spans)):.0f} bytes")
    visit.ready()
    page.reload()
    visit.ready()
    expect(finding).to_contain_text(f"C looks back {abs(np.mean(spans)):.0f} bytes")


def test_two_versions_are_aligned_and_the_change_told(visit: Visit) -> None:
    edited = TEXT.replace("question", "answer")
    page = visit.open(f"/compare#ids={IDS}&by=versions&reader=B&text={TEXT}&edited={TEXT}")
    expect(page.locator("#compare-finding")).to_contain_text("Both versions are the same")
    page.locator("#compare-edited").fill(edited)
    root = "/checkpoints/our-adaptive@20/analyses"
    sums = [np.nansum(numbers(api(visit, root, text=t)["bits"])) for t in (TEXT, edited)]
    words = (
        f"Version 2 costs {abs(sums[1] - sums[0]):,.{0 if abs(sums[1] - sums[0]) >= 10 else 1}f}"
    )
    expect(page.locator("#compare-finding")).to_contain_text(words.removesuffix(".0"))
    rows = page.locator("#compare-lines .line").evaluate_all(
        "(lines) => [0, 1].map((row) => lines.map((line) => line.children[row].querySelector('.chars').textContent).join(''))"
    )
    assert [row.replace(" ", "") for row in rows] == [t.replace(" ", "") for t in (TEXT, edited)]
    assert "edited=" in page.url and "reader=B" in page.url


def test_checkpoints_are_added_exchanged_and_removed_by_hand(visit: Visit) -> None:
    page = visit.open("/compare#ids=our-fixed@20")
    expect(page.locator("#headline")).to_contain_text("our-fixed stands alone")
    expect(page.locator("#compare-finding")).to_contain_text("Version 2 costs")
    page.get_by_role("button", name="Add a checkpoint").click()
    page.keyboard.type("letters")
    expect(page.locator("#to-add [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    visit.ready()
    assert page.url.endswith("#ids=our-fixed@20,letters@20")
    expect(page.locator("#headline")).to_contain_text("their bits are not compared")
    facets = [trace["name"].split(", ") for trace in page.evaluate(DRAWN, "#cost-figure")]
    assert [corpus for corpus, part in facets if part == "chosen"] == ["classics", "text8"]
    expect(page.locator("#compare-finding")).to_contain_text("bits a character")
    page.get_by_role("button", name="Remove A, our-fixed").click()
    visit.ready()
    expect(page.locator(".chooser li:visible")).to_have_count(1)
    page.goto(f"{visit.address}/compare#ids=our-fixed@20,nothing@1")
    page.reload()
    visit.ready()
    expect(page.locator("#trouble")).to_contain_text("there is no checkpoint 'nothing@1'")
    visit.wrong = [wrong for wrong in visit.wrong if "404" not in wrong]


def test_pictures_and_tables_are_saved(visit: Visit) -> None:
    page = visit.open("/compare")
    maps = page.locator("#compare-maps")
    for format, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"map,layer,head,value")):
        with page.expect_download() as saved:
            maps.get_by_role("button", name=format).click()
        assert Path(saved.value.path()).read_bytes().startswith(start)
    assert "our-fixed-20" in saved.value.suggested_filename.replace("@", "-")
    with page.expect_download() as saved:
        page.locator("#compare-table .bar a").click()
    assert "our-dynamic@20" in Path(saved.value.path()).read_text()
