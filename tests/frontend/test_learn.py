"""The Learn view in a real Chromium: every figure is the formula's, the API's or the model's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from backend.settings import SHELF
from model.runs import Run
from tests.backend.conftest import MOVING, save
from tests.browser import ADAPTIVE, Visit, service

pytestmark = pytest.mark.browser
HEAD = {"layer": 4, "head": 1}
LINES = "(id) => document.getElementById(id).data.map(({ x, y }) => [[...x], [...y]])"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[str]:
    """Of a service whose models are all adaptive, at first."""
    shelf = tmp_path_factory.mktemp("shelf")
    run = ADAPTIVE.partition("@")[0]
    shutil.copytree(SHELF / run, shelf / run)
    with service(runs, SPANSCOPE_SHELF=str(shelf)) as address:
        yield address


def lines(page: Page, figure: str) -> list[tuple[list[float], list[float]]]:
    drawn: list[tuple[list[float], list[float]]] = page.evaluate(LINES, figure)
    return drawn


def numbers(packed: dict[str, str], page: Page) -> list[float]:
    unpacked: list[float] = page.evaluate(
        "(bdata) => [...new Float32Array(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer)]",
        packed["bdata"],
    )
    return unpacked


def sentence(page: Page, kind: str = "analyses") -> Any:
    """What the page reads, as it was sent."""
    with page.expect_request(re.compile(f"/api/v1/.*/{kind}$")) as request:
        page.reload()
    page.wait_for_selector("html[data-ready=true]")
    return request.value.post_data_json["text"]


def test_the_mask_follows_its_sliders_and_the_address_keeps_them(visit: Visit) -> None:
    page = visit.open("/learn#z=80&ramp=32&limit=512")
    slider = page.get_by_label("z, the length")
    expect(slider).to_have_attribute("aria-valuetext", "80")
    slider.press("ArrowRight")
    said = page.locator(".step", has_text="Every head has a length").get_by_role("status")
    expect(said).to_contain_text("The span, the furthest that counts at all, is 113 = z + R.")
    expect(said).to_contain_text("Only distances 82 to 114 move z")
    x, y = lines(page, "learn-mask")[0]
    assert y == [min(1, max(0, (32 + 81 - (at - 1)) / 32)) for at in x]
    assert {82, 113, 114} <= set(x) and (x[0], x[-1]) == (1, 512)
    slider.press("End")
    expect(said).to_contain_text("All 512 bytes count wholly.")
    expect(said).to_contain_text("Nothing in the text moves z here")
    page.wait_for_url("**z=512*")
    page.reload()
    visit.ready()
    expect(said).to_contain_text("All 512 bytes count wholly.")


def test_a_row_before_and_after_the_mask_is_what_the_model_computes(visit: Visit) -> None:
    page = visit.open("/learn#head=L4H1&place=60")
    text = sentence(page, "attention")
    body = {"text": text, "heads": [HEAD], "rows": [60, 61]}
    after, before = lines(page, "learn-row")[:2]
    band = visit.api("attention", **body)["bands"][0]
    assert after[1] == pytest.approx(numbers(band["weights"], page), abs=1e-6)
    assert sum(before[1]) == pytest.approx(1)

    # what the page computes for a smaller z is what the model does with that head cut
    slider = page.get_by_label("z, if it were less")
    slider.press("Home")
    for _ in range(20):
        slider.press("ArrowRight")
    said = page.locator(".step", has_text="A row").get_by_role("status")
    learned = next(
        head["z"] for head in visit.api("spans")["heads"] if head.items() >= HEAD.items()
    )
    expect(said).to_contain_text(f"With z = 20 in place of {learned:.0f}")
    cut = visit.api("attention", **body, spans=[{**HEAD, "span": 20 + 32}])["bands"][0]
    shown = lines(page, "learn-row")[0][1]
    assert shown[:52] == pytest.approx(numbers(cut["weights"], page), abs=1e-6)
    assert max(shown[52:]) == 0
    page.wait_for_url("**cut=20*")


def test_the_forces_are_those_of_the_api_and_a_larger_penalty_wins(visit: Visit) -> None:
    page = visit.open("/learn#head=L5H1")
    head = visit.api("heads/5/1")
    millionths = 1e6 * np.array([head["pull"], head["penalty"], head["pull"] + head["penalty"]])
    points = lines(page, "learn-forces")
    assert points[-1][0] == pytest.approx(millionths)
    thin, thick = points[0][0], points[1][0]
    assert (thin[1] - thin[0]) / 4 == pytest.approx(1e6 * head["pull_error"])
    assert (thick[1] - thick[0]) / 2 == pytest.approx(1e6 * head["pull_error"])
    said = page.locator(".step", has_text="Two forces").get_by_role("status")
    # a pull that is within its error is not told from none
    assert abs(head["pull"] + head["penalty"]) < 2 * head["pull_error"]
    expect(said).to_contain_text("so few bytes cannot tell")
    expect(said).to_contain_text("This is the λ it was trained with.")
    page.get_by_label("λ, the penalty").press("End")
    expect(said).to_contain_text("The penalty wins: z would shrink.")
    assert lines(page, "learn-forces")[-1][0][1] == pytest.approx(-1e6 * 0.01 / 8)


def test_costs_are_those_of_the_statistics(visit: Visit) -> None:
    page = visit.open("/learn")
    whole = visit.api("statistics")["all"]
    bars = np.array([x for x, _ in lines(page, "learn-flops")])
    fixed, learned, _ = bars[:3].sum(0)
    assert (fixed, learned) == (whole["flops_fixed"], pytest.approx(whole["flops"]))
    assert bars[:, 1].sum() == pytest.approx(whole["flops_with_positions"])
    kept = lines(page, "learn-cache")[0][0]
    assert kept[:2] == [whole["cache_bytes_fixed"], pytest.approx(whole["cache_bytes"])]
    page.get_by_label("S of the fixed model").press("End")
    said = page.locator(".step", has_text="What spans").get_by_role("status")
    expect(said).to_contain_text("With every span fixed at 8,192 it would be 13.8M")


def test_each_step_leads_to_a_view_and_the_answers_are_there(visit: Visit) -> None:
    page = visit.open("/spans#head=L3H3")
    page.keyboard.press("7")
    visit.ready()
    assert "head=L3H3" in page.url
    expect(page.locator(".questions h3")).to_have_count(5)
    links = page.locator(".onward")
    addresses = links.evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert len(addresses) == 5
    for address in addresses:
        assert page.request.get(visit.address + address).ok
    links.first.click()
    visit.ready()
    assert "/spans#" in page.url and "head=L3H3" in page.url
    page.go_back()
    visit.ready()
    expect(page.locator("#headline")).to_have_text("Why does a span become short?")


def test_along_a_sentence_distances_or_spans_where_a_model_has_such(
    visit: Visit, runs: Path
) -> None:
    page = visit.open("/learn#place=30")
    step = page.locator(".step", has_text="z is then computed anew")
    if not (runs / "moving").exists():
        expect(step).to_contain_text("No model on this service has such spans")
        answer = visit.api("analyses", text=sentence(page), fields=["distance"], reduce="all")
        x, y = lines(page, "learn-along-figure")[0]
        distances = numbers(answer["fields"]["distance"], page)
        assert y == pytest.approx([distances[int(token)] for token in x], rel=1e-4, nan_ok=True)
        save(Run.create(runs, "moving", MOVING), 10, 3.5)
        page.reload()
        visit.ready()
    expect(step).to_contain_text("this is read by moving · dynamic · step 10")
    x, y = lines(page, "learn-along-figure")[0]
    root = f"{visit.address}/api/v1/checkpoints/moving@10/analyses"
    body = {"text": sentence(page), "fields": ["span"], "reduce": "all"}
    spans = numbers(page.request.post(root, data=body).json()["fields"]["span"], page)
    assert y == pytest.approx([spans[int(token)] for token in x], rel=1e-4)
    assert len(set(spans)) > 5
    # its own page: the row of a head whose z follows the token, and costs that are really paid
    page.goto(f"{visit.address}/learn#checkpoint=moving@10")
    page.reload()
    visit.ready()
    expect(page.locator("#view")).to_contain_text("Its z follows the character")
    expect(page.locator("#view")).to_contain_text("with the longest span of each chunk")
