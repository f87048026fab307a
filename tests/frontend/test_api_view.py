"""The view of the API: what it shows was asked, and runs as it is shown."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import ADAPTIVE, Visit, service

pytestmark = pytest.mark.browser
TEXT = """It's "only" 50%:\n$HOME `or` \\ not 🙂?"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_requests_of_a_view_run_as_they_are_shown(visit: Visit) -> None:
    page = visit.open(f"/text#checkpoint={ADAPTIVE}&text={quote(TEXT)}")
    page.keyboard.press("8")
    visit.ready()
    expect(page.locator("#headline")).to_contain_text("The Text view stands on")
    articles = page.locator("#requests article")
    expect(articles.first).to_contain_text("GET /api/v1/checkpoints")
    reading = articles.filter(has_text="/analyses")
    expect(reading).to_contain_text(f"POST /api/v1/checkpoints/{ADAPTIVE}/analyses")
    expect(reading).to_contain_text("answered 200")
    expect(reading.locator(".answer")).to_contain_text(f'"checkpoint": "{ADAPTIVE}"')
    fields = ["span", "distance", "outside"]
    expected = visit.api("analyses", text=TEXT, fields=fields, reduce="head")

    command = reading.locator(".code pre").inner_text()
    if shutil.which("curl"):
        answer = json.loads(run("sh", "-c", f"{command} --silent"))
        assert (answer["tokens"], answer["fields"]) == (expected["tokens"], expected["fields"])
    page.get_by_text("Python", exact=True).click()
    assert "as=python" in page.url
    snippet = reading.locator(".code pre").inner_text()
    unpacking = page.locator(".asked-notes pre").inner_text()
    assert str(expected["bpc"]) in run(sys.executable, "-c", snippet)
    more = 'answer = json.load(urlopen(request))\nprint(list(numbers(answer["bits"]))[1:])'
    bits = json.loads(run(sys.executable, "-c", f"{snippet}\n{unpacking}\n{more}").splitlines()[-1])
    assert sum(bits) / len(bits) == pytest.approx(expected["bpc"])

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reading.get_by_role("button", name="Copy POST").click()
    expect(reading.get_by_text("copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == snippet


def test_it_opens_by_itself_and_leads_to_the_documentation(visit: Visit) -> None:
    page = visit.open("/api#as=python")
    expect(page.locator("#headline")).to_contain_text("The Spans view begins with 3 answers")
    for snippet in page.locator("#requests .code pre").all_inner_texts():
        assert ADAPTIVE in run(sys.executable, "-c", snippet)
    page.reload()
    visit.ready()
    expect(page.locator("#requests article")).to_have_count(3)
    page.get_by_role("link", name="the documentation").click()
    page.wait_for_url("**/docs")


def test_a_long_text_is_kept_in_part_and_that_is_said(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/text#text=a")
    page.locator("#text-input").fill("to be or not " * 400)
    page.wait_for_url("**stored=*")
    visit.ready()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("8")
    visit.ready()
    reading = page.locator("#requests article").filter(has_text="/analyses")
    expect(reading).to_contain_text("The text sent had 5,200 characters")
    assert len(reading.locator(".code pre").inner_text()) < 700
