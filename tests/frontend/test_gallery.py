"""The Gallery view in a real Chromium: heads as cards, and what one is for, found among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from analysis.survey import folder_of, survey
from tests import axe
from tests.browser import Visit, service
from tests.small_runs import FOX
from tests.surveyed import newlines_run

pytestmark = pytest.mark.browser
HERE = "/gallery#checkpoint=newlines@10"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    runs, texts = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("texts")
    run = newlines_run(runs)
    (texts / "fox.txt").write_bytes(FOX * 20)
    survey(run.checkpoint(10), [texts / "fox.txt"], folder_of(run.checkpoint(10), "fox"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        with service(runs) as address:
            yield address


def gallery(visit: Visit) -> Any:
    root = f"{visit.address}/api/v1/checkpoints/newlines@10/surveys/lines"
    return visit.page.request.get(root).json()


def names(page: Page) -> list[str]:
    return page.locator("#gallery-cards h2").all_inner_texts()


def looks(place: Locator) -> str:
    return place.locator("mark.looks").inner_text()


def test_the_head_that_looks_far_from_newlines_comes_first_there(visit: Visit) -> None:
    page = visit.open(HERE)
    assert names(page) == ["L0·H0", "L0·H1", "L1·H0", "L1·H1"]
    planted = gallery(visit)["heads"][1]
    expect(page.locator("#headline")).to_contain_text(
        "1 of the 4 heads answers to one kind of character, L0·H1 most: "
        f"{planted['answers_to_ratio']:.0f} times as far from newlines."
    )
    expect(page.locator("#gallery-cards > li").nth(1)).to_contain_text(
        f"answers to newlines × {planted['answers_to_ratio']:.0f}"
    )
    page.get_by_label("sort by").select_option("use at newlines")
    assert "sort=newline" in page.url
    card = page.locator("#gallery-cards > li").first
    expect(card).to_contain_text("L0·H1")
    newline = [group["group"] for group in gallery(visit)["groups"]].index("newline")
    expect(card).to_contain_text(f"use {planted['group_use'][newline]:.0f} at newlines")
    passage = card.locator(".passage").first
    assert looks(passage) == "⏎"
    assert re.search(r" … \d\d bytes … ", passage.inner_text())
    read = passage.locator("mark:not(.looks)").first
    excerpt = planted["excerpts"][0]
    assert read.inner_text() == excerpt["text"][excerpt["keys"][0]["at"]].replace("\n", "⏎")


def test_cards_are_filtered_by_kind_layer_and_span_and_the_address_says_so(visit: Visit) -> None:
    page = visit.open(HERE)
    page.get_by_label("answers to").select_option("newlines")
    expect(page.locator("#gallery-cards > li")).to_have_count(1)
    page.reload()
    visit.ready()
    assert names(page) == ["L0·H1"]
    expect(page.get_by_role("status").filter(has_text="of 4 heads")).to_have_text("1 of 4 heads")
    page.get_by_label("answers to").select_option("anything")
    page.get_by_label("layer", exact=True).select_option("L1")
    expect(page.locator("#gallery-cards > li")).to_have_count(2)
    page.get_by_label("span from").fill("129")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No head is as asked for.")).to_be_visible()
    assert "layer=1&span=129:" in page.url


def test_a_card_opens_all_of_its_head_and_leads_into_text_and_attention(visit: Visit) -> None:
    page = visit.open(HERE)
    page.locator("#gallery-cards > li", has_text="L0·H1").click()
    assert "head=L0H1" in page.url
    panel = page.locator("#gallery-panel")
    root = f"{visit.address}/api/v1/checkpoints/newlines@10/surveys/lines/heads/0/1"
    head = page.request.get(root).json()
    expect(panel.locator(".passages li")).to_have_count(len(head["passages"]))
    expect(panel.get_by_role("heading", name="Where it looks furthest")).to_be_visible()
    newlines = panel.get_by_role("table", name="by kind of character").get_by_role("row").nth(1)
    group = next(group for group in head["groups"] if group["group"] == "newline")
    numbers = [f"{group['tokens']:,}", f"{group['use']:.0f}", f"{group['mean_distance']:.0f}"]
    expect(newlines.get_by_role("cell")).to_have_text([*numbers, "0"])
    lines = page.evaluate("document.querySelector('#gallery-kinds').data")
    assert lines[0]["name"] == "newlines" and lines[0]["y"][:-1] == group["mass"]

    first = head["passages"][0]
    panel.get_by_role("button", name="in Text, ").first.click()
    visit.ready()
    expect(page.get_by_role("textbox", name="Text")).to_have_value(first["text"])
    expect(page.locator("#place-panel h2")).to_have_text("“newline”")
    assert re.search(r"head=L0H1.*of=head|of=head.*head=L0H1", page.url)
    assert f"at={first['text_at']}" in page.url
    page.go_back()
    visit.ready()
    page.locator("#gallery-cards > li", has_text="L0·H1").click()
    panel.get_by_role("button", name="in Attention, ").first.click()
    visit.ready()
    expect(page.locator("#row-panel h2")).to_have_text("L0·H1 at the newline")
    expect(page.locator("#row-panel .keys tr").first).to_contain_text("100")


def test_arrows_walk_over_the_cards(visit: Visit) -> None:
    page = visit.open(HERE)
    page.locator("#gallery-cards h2 button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="L0·H1", exact=True)).to_be_focused()
    expect(page.locator("#gallery-panel h2")).to_have_text("L0·H1")
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="L1·H1", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(page.get_by_role("list", name="Heads").get_by_role("listitem")).to_have_count(4)


def test_another_survey_is_chosen(visit: Visit) -> None:
    page = visit.open(HERE)
    page.get_by_label("texts").select_option("fox (900)")
    expect(page.locator(".sub")).to_contain_text("900 bytes of fox.txt")
    assert "survey=fox" in page.url
    page.reload()
    visit.ready()
    expect(page.locator(".sub")).to_contain_text("900 bytes of fox.txt")
    expect(page.locator("#gallery-panel .passages li").first).to_contain_text("fox.txt, byte")


def test_without_a_survey_it_says_how_to_make_one(visit: Visit) -> None:
    page = visit.open("/gallery#checkpoint=classics-adaptive-seed@9800")
    expect(page.locator("#headline")).to_have_text("No text was surveyed with this checkpoint yet.")
    expect(page.locator("pre")).to_have_text(
        "spanscope survey classics-adaptive-seed@9800 classics"
    )


@pytest.mark.parametrize("width", [380, 1280])
def test_it_keeps_nobody_out(browser: Browser, address: str, width: int) -> None:
    script = axe.source()
    if script is None:
        pytest.skip(f"{axe.PACKAGE} is missing: it needs npm (Debian: apt-get install npm)")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light")
    Visit(page, address).open(HERE)
    found = axe.findings(page, script)
    page.emulate_media(color_scheme="dark")
    found += axe.findings(page, script)
    page.close()
    assert found == []
