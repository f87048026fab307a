"""A service with a token, and one that is read-only, as the page has them; and what its policy lets it do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from backend.settings import SHELF
from model.runs import Run
from tests import axe
from tests.browser import Visit, service

pytestmark = pytest.mark.browser
TOKEN = "a token of sixteen letters or more"
ASKED = "This service asks for its token."


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    runs = with_a_run(tmp_path_factory)
    with service(runs, SPANSCOPE_TOKEN=TOKEN) as address:
        yield address


def with_a_run(folders: pytest.TempPathFactory) -> Path:
    runs = folders.mktemp("runs")
    Run.create(runs, "waits", Run(SHELF / "classics-adaptive").spec, queued=True)
    return runs


def test_the_page_asks_for_the_token_once_and_goes_on(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.address}/spans#head=L1H2")
    expect(page.get_by_role("heading", name=ASKED)).to_be_visible()
    token = page.get_by_label("Token", exact=True)
    expect(token).to_be_focused()
    if script := axe.source():
        assert axe.findings(page, script) == []
    page.keyboard.type("not the token of this service")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="not the token")).to_be_visible()
    expect(token).to_be_focused()
    page.get_by_role(
        "link", name="Training", exact=True
    ).click()  # another view asks no second time
    expect(page.get_by_role("heading", name=ASKED)).to_have_count(1)
    page.go_back()
    token.fill(TOKEN)
    token.press("Enter")
    visit.ready()
    expect(page.locator("#head-panel")).to_contain_text("L1·H2")
    expect(page.get_by_role("heading", name=ASKED)).to_have_count(0)

    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Strict", False)
    assert TOKEN not in cookie["value"] and page.evaluate("document.cookie") == ""
    # what cannot send a header is let in, too: a download, and a stream of events
    figure = "/api/v1/checkpoints/classics-adaptive@latest/spans?format=csv"
    with page.expect_download() as download:
        page.evaluate(
            "(href) => Object.assign(document.createElement('a'), { href, download: 'a.csv' }).click()",
            figure,
        )
    assert download.value.path().read_text().startswith("layer,head,z,span")
    page.goto(f"{visit.address}/training#run=waits")
    visit.ready()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".log")).to_contain_text("was asked to stop")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()

    page.context.clear_cookies()  # as when it has ended, the page being open
    expect(page.get_by_role("heading", name=ASKED)).to_be_visible(timeout=20_000)
    token.fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#run-panel")).to_be_visible()
    visit.wrong = [wrong for wrong in visit.wrong if "401" not in wrong]


def test_requests_are_shown_with_the_token_that_they_need(visit: Visit) -> None:
    page = visit.page
    page.request.post(
        f"{visit.address}/api/v1/session",
        data={"token": TOKEN},
        headers={"Origin": visit.address},
    )
    visit.open("/api")
    expect(page.locator("#requests pre").first).to_contain_text("-H 'Authorization: Bearer TOKEN'")
    page.goto(f"{visit.address}/docs")
    expect(page.locator(".opblock").first).to_be_visible()


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(with_a_run(tmp_path_factory), SPANSCOPE_READ_ONLY="true") as address:
        yield address


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (380, "dark")])
def test_a_read_only_service_shows_runs_and_offers_no_change(
    browser: Browser, read_only: str, width: int, theme: Literal["light", "dark"]
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    visit = Visit(page, read_only)
    visit.open("/training#run=waits")
    expect(page.locator("#runs")).to_contain_text("read-only")
    expect(page.locator("#run-state")).to_contain_text("waiting")
    for name in ("New run", "Stop", "Resume", "Archive", "Delete…"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_label("Title", exact=True)).to_have_attribute("readonly", "")
    visit.open("/training#preset=quick")
    expect(page.locator("#estimate")).to_contain_text("parameters", timeout=60_000)
    expect(page.locator("#new-run")).to_contain_text("read-only")
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    if script := axe.source():
        assert axe.findings(page, script) == []
    assert visit.wrong == []
    page.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Another site, which has one page at `tmp_path`."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("named", [True, False])
def test_a_site_embeds_the_page_where_the_setting_names_it(
    browser: Browser, tmp_path: Path, site: str, named: bool
) -> None:
    page = browser.new_page()
    with service(tmp_path, **({"SPANSCOPE_FRAME_ANCESTORS": site} if named else {})) as address:
        (tmp_path / "index.html").write_text(f'<iframe src="{address}/learn"></iframe>')
        page.goto(site)
        page.wait_for_load_state("networkidle")
        shown = page.frame_locator("iframe").locator("#headline")
        expect(shown).to_have_count(1 if named else 0)
    page.close()
