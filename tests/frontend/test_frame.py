"""What stands around the views: a service that goes and comes, Back and forward, the picker, the colour scales."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from backend.settings import SHELF
from tests.browser import ADAPTIVE, Visit, service

pytestmark = pytest.mark.browser
SLOW = 30_000
LOST = "The service does not answer"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


def checkpoints(visit: Visit) -> list[tuple[str, str]]:
    """Ids and titles."""
    items = visit.page.request.get(f"{visit.address}/api/v1/checkpoints").json()["items"]
    return [(item["id"], item["title"]) for item in items]


def test_a_service_that_restarts_is_found_again(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    away = page.locator("#away")
    with ExitStack() as running:
        address = running.enter_context(service(tmp_path))
        page.request.post(f"{address}/api/v1/runs", data={"name": "waits", "preset": "quick"})
        Visit(page, address).open("/training#run=waits")
        page.evaluate("window.same = true")
        running.close()
        expect(away).to_contain_text(LOST, timeout=SLOW)
        page.get_by_role("button", name="Stop").click()
        expect(page.locator("#trouble")).to_contain_text("may not have been done")

        running.enter_context(service(tmp_path, int(address.rsplit(":", 1)[1])))
        expect(away).to_be_empty(timeout=SLOW)
        page.get_by_role("button", name="Stop").click()
        # the stream of its events brings this, opened again by itself
        expect(page.locator(".log")).to_contain_text("was asked to stop", timeout=SLOW)
        assert page.evaluate("window.same"), "the page was loaded anew"
    page.close()


def test_what_was_asked_while_the_service_was_away_is_asked_again(visit: Visit) -> None:
    page, away = visit.open("/spans"), visit.page.locator("#away")
    page.context.set_offline(True)
    page.get_by_role("link", name="Text", exact=True).click()
    expect(away).to_contain_text(LOST)
    expect(page.locator(".skeleton")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#text-status")).to_contain_text("bits a byte", timeout=SLOW)

    page.context.set_offline(True)
    page.locator("#text-input").fill("written while nobody listened")
    expect(away).to_contain_text(LOST)
    page.context.set_offline(False)
    expect(page.locator("#text-status")).to_contain_text("29 bytes", timeout=SLOW)
    expect(away).to_be_empty()
    visit.wrong = [wrong for wrong in visit.wrong if "ERR_INTERNET_DISCONNECTED" not in wrong]


def test_back_comes_back_from_a_checkpoint_and_not_from_every_head(visit: Visit) -> None:
    page = visit.open("/spans")
    (_, newest_title), (older, older_title) = checkpoints(visit)[:2]
    picked = page.locator("#picker > button")
    page.locator("#spans-map [role=gridcell]").nth(3).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    expect(picked).to_contain_text(older_title)
    visit.ready()
    assert f"checkpoint={older}" in page.url and "head=L5H4" in page.url
    page.keyboard.press("2")
    visit.ready()
    page.go_back()
    expect(page.locator("#spans-map")).to_be_visible()
    visit.ready()
    assert f"/spans#checkpoint={older}" in page.url
    page.go_back()
    expect(picked).to_contain_text(newest_title)
    visit.ready()
    assert "head=L5H4" in page.url
    page.go_forward()
    expect(picked).to_contain_text(older_title)
    visit.ready()


def test_text_begins_with_spans_that_follow_it_until_a_checkpoint_is_chosen(visit: Visit) -> None:
    page, picked = visit.open("/spans"), visit.page.locator("#picker > button")
    expect(picked).to_contain_text("adaptive")
    page.keyboard.press("2")
    visit.ready()
    expect(picked).to_contain_text("dynamic")
    expect(page.get_by_role("radio", name="span", exact=True)).to_be_checked()
    visit.open(f"/spans#checkpoint={ADAPTIVE}")
    page.keyboard.press("2")
    visit.ready()
    expect(picked).to_contain_text("adaptive")


def test_back_comes_back_to_where_the_page_was_scrolled(visit: Visit) -> None:
    page = visit.open("/spans")
    page.mouse.wheel(0, 500)
    page.wait_for_timeout(500)
    at = page.evaluate("scrollY")
    assert at > 100
    page.keyboard.press("2")
    visit.ready()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator("#spans-map")).to_be_visible()
    visit.ready()
    assert page.evaluate("scrollY") == pytest.approx(at, abs=2)


def test_the_picker_shows_what_trains_and_what_is_new_without_loading_again(
    browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page()
    with service(tmp_path) as address:
        visit = Visit(page, address)
        visit.open("/training")
        page.keyboard.press("/")
        options = page.locator("#checkpoints [role=option]")
        shipped = len(list(SHELF.glob("*/checkpoints/*")))
        expect(options).to_have_count(shipped)
        shutil.copytree(SHELF / "classics-adaptive", tmp_path / "copied")
        expect(options).to_have_count(shipped + 1, timeout=SLOW)
        page.keyboard.type("copied 9,800")
        expect(options).to_have_count(1)
        expect(options).to_contain_text(
            re.compile(r"adaptive · 1\.\d\d bpc · mean span \d+ · .* ago")
        )
        page.keyboard.press("Enter")
        visit.ready()
        assert "/spans#checkpoint=copied@9800" in page.url
        assert visit.wrong == []
    page.close()


def test_the_colour_scale_is_chosen_and_kept(visit: Visit) -> None:
    page = visit.open("/spans")
    longest = page.locator("#spans-map [aria-selected=true]")
    assert background(longest) == "rgb(253, 231, 37)"
    page.get_by_role("button", name="Colours of spans: viridis").click()
    assert background(longest) == "rgb(254, 232, 56)"
    page.reload()
    visit.ready()
    assert background(longest) == "rgb(254, 232, 56)"
    expect(page.get_by_role("button", name="Colours of spans: cividis")).to_be_visible()
    page.keyboard.press("p")
    assert background(longest) == "rgb(253, 231, 37)"


def background(cell: Locator) -> str:
    colour: str = cell.evaluate("(cell) => getComputedStyle(cell).backgroundColor")
    return colour


def test_what_is_not_there_says_so_and_shows_what_is(visit: Visit) -> None:
    page = visit.open("/spans#checkpoint=nobody@1")
    expect(page.locator("#trouble")).to_contain_text("There is no checkpoint nobody@1 any more")
    expect(page.locator("#spans-map")).to_be_visible()
    visit.wrong = [wrong for wrong in visit.wrong if "404" not in wrong]


def test_a_view_that_fails_says_what_to_do(visit: Visit) -> None:
    page = visit.page
    page.route("**/statistics", lambda route: route.fulfill(status=500, body="{}"))
    page.goto(f"{visit.address}/spans")
    expect(page.locator("#headline")).to_have_text("This view could not be shown.")
    page.unroute("**/statistics")
    page.get_by_role("button", name="Try again").click()
    visit.ready()
    expect(page.locator("#spans-map")).to_be_visible()
    visit.wrong = [wrong for wrong in visit.wrong if "500" not in wrong]
