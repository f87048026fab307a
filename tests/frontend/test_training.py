"""The Training view in a real Chromium, with a real trainer: what it starts is trained, and what it shows was measured."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from model.corpora import keep
from model.original import import_run
from tests.browser import Visit, service

pytestmark = pytest.mark.browser
IMPORTED = Path(__file__).parents[1] / "model/fixtures/facebook-format-a.pt"
SLOW = 60_000
"""Milliseconds that a busy machine may take for a few steps."""
TINY = {"layers": 2, "heads": 2, "hidden": 8, "inner": 8, "span_limit": 64, "block": 16}
TINY |= {"steps": 100_000, "learning_rate": 0.02}
MORE = {"ramp": 8, "z_start": 20, "batch": 2, "warmup": 5, "evaluate_every": 20}
MORE |= {"evaluate_tokens": 256}
SETTINGS = TINY | MORE | {"corpus": "enwik8"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[str]:
    """A service without runs of its own, and with a corpus made up in the place of enwik8."""
    data = tmp_path_factory.mktemp("data")
    text = bytes(range(32, 127)) * 40
    keep((text, text, text), data / "enwik8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPANSCOPE_DATA", str(data))
        environment.setenv("OMP_NUM_THREADS", "1")
        with service(runs) as address:
            yield address


@contextmanager
def trainer(runs: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "backend", "trainer", "--runs", str(runs), "--threads", "1"]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()


def api(visit: Visit, path: str, method: str = "get", **data: Any) -> Any:
    address = f"{visit.address}/api/v1{path}"
    options = {"data": data} if data else {}
    return getattr(visit.page.request, method)(address, **options).json()


def forgive(visit: Visit, status: int) -> None:
    """Chromium writes down every answer that is no success, also one that is wanted."""
    visit.wrong = [wrong for wrong in visit.wrong if str(status) not in wrong]


def map_of(page: Page) -> list[int]:
    texts = page.locator("#growth-map [role=gridcell]").all_text_contents()
    return [int(text) for text in texts]


def spans_at(visit: Visit, run: str, evaluation: int) -> list[int]:
    """Spans of all heads by the API, the last layer first, as the map has them."""
    spans = api(visit, f"/runs/{run}/spans")["z"]
    flat: list[float] = visit.page.evaluate(
        "(bdata) => [...new Float32Array(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer)]",
        spans["bdata"],
    )
    first, second = (flat[i : i + 2] for i in (4 * evaluation, 4 * evaluation + 2))
    limit, ramp = SETTINGS["span_limit"], SETTINGS["ramp"]
    return [min(limit, -int(-z // 1) + ramp) for z in (*second, *first)]


def test_a_run_is_started_watched_stopped_resumed_and_opened(
    browser: Browser, address: str, runs: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visit = Visit(page, address)
    visit.open("/training")
    expect(page.locator("#runs")).to_contain_text("spanscope import FILE.pt")
    page.get_by_role("button", name="New run").click()
    page.locator(".card", has_text="quick").click()
    page.get_by_text("more settings").click()
    page.locator("#new-name").fill("tiny")
    page.locator("#new-corpus").select_option("enwik8")
    for name, value in (TINY | MORE).items():
        page.locator(f"#new-{name}").fill(str(value))
    parameters = api(visit, "/estimates", "post", preset="quick", settings=SETTINGS)["parameters"]
    size = f"parameters{parameters / 1000:.2f}K"
    expect(page.locator("#estimate")).to_contain_text(size, timeout=SLOW)
    page.get_by_role("button", name="Start").click()

    row = page.locator("[data-run=tiny]")
    expect(row).to_contain_text("waiting")
    expect(page.locator("#runs")).to_contain_text("spanscope trainer")
    assert api(visit, "/runs/tiny")["config"]["model"]["z_start"] == 20

    state = page.locator("#run-state")
    with trainer(runs):
        expect(row).to_contain_text("training", timeout=SLOW)
        figure = page.locator("#growth-figure")
        measured = re.compile(r"at step \d{3,}")  # five evaluations, and more
        expect(figure).to_have_attribute("aria-label", measured, timeout=SLOW)
        page.get_by_role("button", name="Stop").click()
        expect(state).to_contain_text("stopped", timeout=SLOW)
        expect(page.locator(".log")).to_contain_text("saved and stopped")

        metrics = api(visit, "/runs/tiny/metrics")
        drawn = "() => [...document.querySelector('#growth-figure').data.at(-1).y]"
        assert page.evaluate(drawn) == pytest.approx(metrics["mean_span"])
        assert len(set(metrics["mean_span"])) > 1, "the spans did not move"
        assert map_of(page) == spans_at(visit, "tiny", -1 % len(metrics["steps"]))
        page.get_by_label("Moment of the training").press("Home")
        assert map_of(page) == spans_at(visit, "tiny", 0)
        assert "step=20" in page.url

        stopped_at = api(visit, "/runs/tiny")["step"]
        page.get_by_role("button", name="Resume").click()
        expect(state).to_contain_text("training", timeout=SLOW)
        expect(page.locator(".log")).to_contain_text("went on")
        assert "step=20" in page.url and map_of(page) == spans_at(visit, "tiny", 0)
        page.get_by_role("button", name="Stop").click()
        expect(state).to_contain_text("stopped", timeout=SLOW)
    run = api(visit, "/runs/tiny")
    assert run["step"] > stopped_at
    page.get_by_role("link", name="Open its latest checkpoint in Spans").click()
    visit.ready()
    assert f"/spans#checkpoint={run['checkpoints'][0]}" in page.url
    expect(page.locator("#spans-map [role=gridcell]")).to_have_count(4)
    page.goto(f"{address}/spans#checkpoint=tiny@latest")
    visit.ready()
    expect(page.locator("#picker > button")).to_contain_text(f"step {run['step']:,}")
    page.keyboard.press("5")
    expect(page.locator("#run-panel")).to_be_visible()
    assert visit.wrong == []
    page.close()


def test_settings_that_cannot_be_are_refused_as_one_types(visit: Visit) -> None:
    page = visit.open("/training#preset=quick")
    start = page.get_by_role("button", name="Start")
    page.locator("#new-heads").fill("3")
    expect(page.locator("#wrong-hidden")).to_have_text(
        "hidden is 64; it must be a multiple of heads=3", timeout=SLOW
    )
    expect(page.locator("#new-hidden")).to_have_attribute("aria-invalid", "true")
    expect(start).to_be_disabled()
    page.locator("#new-heads").fill("many")
    expect(page.locator("#wrong-heads")).to_contain_text("a whole number", timeout=SLOW)
    page.locator("#new-heads").fill("2")
    expect(page.locator("#estimate")).to_contain_text("parameters", timeout=SLOW)
    expect(page.locator("#wrong-heads")).to_be_empty()
    page.locator("#new-name").fill("No Name")
    start.click()
    expect(page.locator("#wrong-name")).to_contain_text("a-z, 0-9 and -")
    expect(page.locator("#new-name")).to_be_focused()
    page.locator("#new-name").fill("classics-adaptive")
    start.click()
    expect(page.locator("#wrong-name")).to_contain_text("exists")
    forgive(visit, 422)
    forgive(visit, 409)


def test_a_run_is_renamed_archived_and_deleted_by_its_name(visit: Visit) -> None:
    api(visit, "/runs", "post", name="doomed", preset="quick")
    page = visit.open("/training#run=doomed")
    row = page.locator("[data-run=doomed]")
    page.get_by_label("Title").fill("Doomed from the start")
    page.get_by_label("Title").press("Enter")
    expect(row).to_contain_text("Doomed from the start")
    page.get_by_label("Note").fill("why?")
    page.get_by_label("Title").focus()
    expect(row).to_contain_text("Doomed")
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("1 archived")).to_be_visible()
    expect(row).to_be_hidden()
    run = api(visit, "/runs/doomed")
    assert (run["title"], run["note"], run["archived"]) == ("Doomed from the start", "why?", True)

    page.get_by_role("button", name="Delete…").click()
    confirm = page.get_by_role("button", name="Delete for good")
    expect(confirm).to_be_disabled()
    page.locator("#delete-run input").fill("doome")
    expect(confirm).to_be_disabled()
    page.locator("#delete-run input").fill("doomed")
    confirm.click()
    expect(row).to_have_count(0)
    assert "doomed" not in {item["name"] for item in api(visit, "/runs")["items"]}
    assert "run=doomed" not in page.url


def test_the_curves_are_those_of_the_api_and_smoothing_keeps_them(visit: Visit) -> None:
    page = visit.open("/training#run=classics-adaptive")
    metrics = api(visit, "/runs/classics-adaptive/metrics")
    data = "() => document.querySelector('#bits-figure').data.map(({ x, y }) => [[...x], [...y]])"
    train, valid = page.evaluate(data)
    assert train[1] == metrics["train_bpc"] and valid[1] == metrics["bpc"]
    assert valid[0] == pytest.approx([tokens / 1e6 for tokens in metrics["tokens"]])
    page.get_by_text("steps", exact=True).click()
    smooth = page.get_by_label("smooth")
    smooth.press("End")
    expect(page.locator("#bits-figure .scatterlayer .trace")).to_have_count(4)
    raw, smoothed = page.evaluate(data)[2:]
    assert raw == [metrics["steps"], metrics["bpc"]]
    kept, weight, expected = 0.0, 0.0, []
    for value in metrics["bpc"]:
        kept, weight = 0.95 * kept + value, 0.95 * weight + 1
        expected.append(kept / weight)
    assert smoothed[1] == pytest.approx(expected)
    assert re.search("along=steps&smooth=0.95", page.url)


def test_what_ships_is_only_read_and_what_was_imported_shows_what_it_has(
    visit: Visit, runs: Path
) -> None:
    page = visit.open("/training#run=classics-adaptive")
    for name in ("Stop", "Resume", "Archive", "Delete…"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    if not (runs / "imported").exists():
        import_run(IMPORTED, runs / "imported")
    page = visit.open("/training#run=imported")
    page.reload()
    visit.ready()
    expect(page.locator("#bits-figure .main-svg").first).to_be_visible()
    expect(page.locator(".growth")).to_contain_text("no single head’s span was kept")
