"""Trimming in a real Chromium: asked for beside the what-if, made by a trainer, opened beside its parent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from model import background, load
from model.leave import Leave
from model.runs import Run
from model.use import measure_use
from tests.backend.conftest import save
from tests.browser import Visit, service
from tests.small_runs import SPEC, prepared_corpus

pytestmark = pytest.mark.browser
SLOW = 60_000


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    run = Run.create(tmp_path / "runs", "small", SPEC.replace(z_start=30))
    save(run, 8, 5.0)
    file = run.checkpoint(8) / "summary.json"
    tokens = np.random.default_rng(0).integers(256, size=300, dtype=np.uint8)
    use = measure_use(load(run.checkpoint(8)), tokens, 0.01)
    file.write_text(json.dumps({**json.loads(file.read_text()), "use": use.to_dict()}))
    return tmp_path / "runs"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return prepared_corpus(tmp_path / "data")


@pytest.fixture
def address(runs: Path, data: Path, browser: Browser) -> Iterator[str]:
    with service(runs, SPANSCOPE_DATA=str(data), OMP_NUM_THREADS="1") as address:
        yield address


def test_a_checkpoint_is_trimmed_and_opened_beside_its_parent(
    visit: Visit, runs: Path, data: Path
) -> None:
    page = visit.open("/spans#checkpoint=small@8")
    if page.viewport_size and page.viewport_size["width"] < 720:
        page.locator(".sheet-bar").click()
    trim = page.locator("#trim")
    trim.locator("summary").click()
    trim.get_by_text("cache", exact=True).click()
    trim.get_by_label("share of the cache to leave").fill("2")
    trim.get_by_role("button", name="Start").click()
    expect(trim).to_contain_text("must be a share between 0 and 1")
    visit.wrong.clear()  # the browser tells of the refusal, too
    trim.get_by_label("share of the cache to leave").fill("0.5")
    trim.get_by_role("button", name="Start").click()
    expect(trim).to_contain_text("waits for a trainer, and none is at work here")
    background.work(runs, "cpu", data, Leave(), once=True)
    expect(trim).to_contain_text("small-trimmed@8", timeout=SLOW)
    needs = page.request.get(f"{visit.address}/api/v1/checkpoints/small@8/needs").json()["heads"]
    cells = page.locator(".heads tbody tr[data-head=L1H0] td")
    expect(cells.nth(6)).to_have_text(str(needs[2]["needs"]))

    trim.get_by_role("link", name="Open it in Compare").click()
    visit.ready()
    assert "ids=small@8,small-trimmed@8" in page.url.replace("%40", "@").replace("%2C", ",")
    path = page.request.get(f"{visit.address}/api/v1/checkpoints/small-trimmed@8/path").json()
    drawn = page.evaluate(
        "() => document.querySelector('#cost-figure').data"
        ".filter(({ name }) => name.endsWith('path of a trim')).flatMap(({ y }) => [...y])"
    )
    assert set(drawn) <= {point["bpc"] for point in path["points"]}

    page = visit.open("/spans#checkpoint=small-trimmed@8")
    if page.viewport_size and page.viewport_size["width"] < 720:
        page.locator(".sheet-bar").click()
    shown = [point for point in path["points"] if point["bits"] <= 0.1]
    for name, cost in (("FLOPs", "flops"), ("cache", "cache_bytes")):
        page.get_by_role("group", name="cost").get_by_text(name, exact=True).click()
        drawn = page.evaluate(
            "() => document.querySelector('#path-figure').data.map((t) => [...t.x])"
        )
        own = [point[cost] for i, point in enumerate(shown) if i == 0 or point["chosen"]]
        assert drawn == [[point[cost] for point in shown], own]
