"""The Text view in a real Chromium, with the shipped model: typed, looked at, locked, written on, cut, opened from a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser import ADAPTIVE, Visit, service

pytestmark = pytest.mark.browser
TEXT = "To be, or not to be,\nthat is the question: whether 'tis nobler in the mind to suffer\n"
SLOW = 30_000
"""Milliseconds that a busy machine may take to read a text."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    with service(tmp_path_factory.mktemp("runs")) as address:
        yield address


@pytest.fixture
def wide(browser: Browser, address: str) -> Iterator[Visit]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    visit = Visit(page, address)
    yield visit
    assert visit.wrong == []
    page.close()


def link(text: str, **choices: str) -> str:
    choices = {"checkpoint": ADAPTIVE, "text": text, **choices}
    return "/text#" + "&".join(f"{name}={quote(value)}" for name, value in choices.items())


def floats(visit: Visit, packed: dict[str, str]) -> npt.NDArray[np.float32]:
    code = "(bdata) => [...new Float32Array(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer)]"
    shape = [int(length) for length in packed["shape"].split(",")]
    return np.array(visit.page.evaluate(code, packed["bdata"]), np.float32).reshape(shape)


def row(visit: Visit, text: str, token: int, layer: int, head: int) -> npt.NDArray[np.float32]:
    """What a token reads by the API: weights by place in the text, and last what falls before it."""
    body = {"text": text, "heads": [{"layer": layer, "head": head}], "rows": [token, token + 1]}
    (band,) = visit.api("attention", **body)["bands"]
    weights = floats(visit, band["weights"])[0]
    inside = np.zeros(token + 1, np.float32)
    inside[max(0, token - len(weights)) : token] = weights[:token][::-1]
    inside[token] = floats(visit, band["outside"])[0]
    return inside


def fewest(weights: npt.NDArray[np.float32], share: float) -> list[int]:
    order = np.argsort(-weights, kind="stable")
    held = np.cumsum(weights[order])
    count = int(np.argmax(held >= share * weights.sum() * (1 - 1e-6))) + 1
    return sorted(order[:count].tolist())


def inked(page: Page) -> list[int]:
    """The characters that have a bar."""
    places: list[int] = page.evaluate(
        "() => [...document.querySelectorAll('#text-coloured span')].flatMap((span, i) => (span.style.boxShadow ? [i] : []))"
    )
    return places


def values(page: Page) -> list[float]:
    shown: list[float] = page.evaluate(
        "() => [...document.querySelectorAll('#text-coloured span')].map((span) => Number(span.dataset.value || NaN))"
    )
    return shown


def test_only_what_was_typed_is_asked_for_and_shown_as_if_read_anew(wide: Visit) -> None:
    page = wide.open(link(TEXT))
    asked: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/analyses"):
            asked.append(request.post_data_json)

    page.on("request", note)
    box = page.locator("#text-input")
    box.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("Hi")
    expect(page.locator("#text-status")).to_contain_text(f"{len(TEXT) + 2} bytes", timeout=SLOW)
    assert asked[0]["from"] == len(TEXT) and asked[-1]["text"] == TEXT + "Hi"
    assert all(body["from"] >= len(TEXT) for body in asked)
    # in the middle: from the first change on
    asked.clear()
    page.evaluate("() => document.querySelector('#text-input').setSelectionRange(10, 13)")
    page.keyboard.type("X\n")
    edited = TEXT[:10] + "X\n" + TEXT[13:] + "Hi"
    expect(page.locator("#text-status")).to_contain_text(f"{len(edited)} bytes", timeout=SLOW)
    assert asked[0]["from"] == 10 and asked[-1]["text"] == edited
    assert page.locator("#text-coloured > div").all_text_contents() == edited.splitlines(True)
    wide.ready()
    distance = floats(
        wide,
        wide.api("analyses", text=edited, fields=["distance"], reduce="all")["fields"]["distance"],
    )
    assert values(page)[1:] == pytest.approx(distance[1:].tolist(), rel=0.01, abs=0.01)
    # taken away at the end, nothing has to be asked
    asked.clear()
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    expect(page.locator("#text-status")).to_contain_text(f"{len(edited) - 1} bytes", timeout=SLOW)
    assert not asked
    expect(page).to_have_url(re.compile(r"text=[^&]*H(&|$)"), timeout=SLOW)


def test_a_hovered_character_shows_what_it_reads_and_with_shift_who_reads_it(wide: Visit) -> None:
    page = wide.open(link(TEXT, head="L4H7"))
    place = TEXT.index("nobler")
    cell = page.locator("#text-coloured span").nth(place)
    box = cell.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, box["y"] + 8)
    reads = row(wide, TEXT, place, 4, 7)
    weights, outside = reads[:-1], reads[-1]
    said = page.locator("#text-rays")
    expect(said).to_contain_text(
        f"“n” reads {len(fewest(weights, 0.9))} characters for 90% of its attention", timeout=SLOW
    )
    percent = f"{outside:.0%}" if outside >= 0.0995 else f"{100 * outside:.1f}%".replace(".0%", "%")
    expect(said).to_contain_text(f"{percent} falls outside, before the text")
    assert inked(page) == fewest(weights, 0.9)
    strongest = page.get_by_role("table", name="“n” reads · L4·H7").locator("tr").first
    expect(strongest).to_contain_text(f"{place - int(weights.argmax())} back")

    page.keyboard.down("Shift")
    body = {"text": TEXT, "heads": [{"layer": 4, "head": 7}]}
    (band,) = wide.api("attention", **body)["bands"]
    rows = floats(wide, band["weights"])
    later = range(place + 1, min(len(TEXT), place + 1 + rows.shape[1]))
    gets = np.zeros(len(TEXT), np.float32)
    gets[later.start : later.stop] = [rows[token, token - place - 1] for token in later]
    expect(said).to_contain_text(
        f"{len(fewest(gets, 0.9))} characters give 90% of the attention that “n” gets", timeout=SLOW
    )
    assert inked(page) == fewest(gets, 0.9)
    page.keyboard.up("Shift")
    expect(said).to_contain_text("“n” reads")


def test_a_click_locks_and_a_second_character_or_head_is_set_beside(wide: Visit) -> None:
    page = wide.open(link(TEXT, head="L4H7"))
    cells = page.locator("#text-coloured span")
    said = page.locator("#text-rays p")

    def click(place: int, *keys: str) -> None:
        box = cells.nth(place).bounding_box()
        assert box
        for key in keys:
            page.keyboard.down(key)
        page.mouse.click(box["x"] + 4, box["y"] + 8)
        for key in keys:
            page.keyboard.up(key)

    click(40)
    expect(cells.nth(40)).to_have_class(re.compile("held"))
    assert "at=40" in page.url
    cells.nth(60).hover(force=True)
    expect(page.locator("#place-panel > h2")).to_contain_text(f"“{TEXT[60]}”")
    expect(said).to_contain_text([f"“{TEXT[40]}” reads"], timeout=SLOW)
    click(60, "Control")
    expect(said).to_contain_text([f"“{TEXT[40]}” reads", f"“{TEXT[60]}” reads"], timeout=SLOW)
    before = inked(page)
    page.get_by_label("Share of the weight").focus()
    page.keyboard.press("Home")
    assert set(inked(page)) < set(before)
    expect(page).to_have_url(re.compile("share=10"))
    page.get_by_label("beside").select_option("L5H0")
    expect(said).to_contain_text(["L4·H7: ", "L5·H0: "], timeout=SLOW)
    page.reload()
    wide.ready()
    expect(said).to_contain_text(["L4·H7: ", "L5·H0: "], timeout=SLOW)
    page.keyboard.press("Escape")
    expect(page.locator(".held")).to_have_count(0)
    assert "at=" not in page.url
    # by keyboard alone
    page.locator("#text-input").focus()
    page.keyboard.press("Control+End")
    expect(cells.last).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#place-panel > h2")).to_contain_text("“o” of To")
    lock = page.locator("#text-lock")
    lock.focus()
    page.keyboard.press("Enter")
    expect(lock).to_have_text("free (Esc)")
    expect(cells.nth(1)).to_have_class(re.compile("held"))


def test_what_lies_beyond_the_lines_in_sight_is_named_and_reached(visit: Visit) -> None:
    text = "The clock struck nine when Margaret came home.\n" + "\n" * 40 + "The clock struck"
    page = visit.open(link(text, head="L5H0", at=str(len(text) - 1)))
    page.locator(".editor").evaluate("(editor) => { editor.scrollTop = editor.scrollHeight }")
    above = page.get_by_role("button", name="further up: jump")
    expect(above).to_be_visible(timeout=SLOW)
    reads = row(visit, text, len(text) - 1, 5, 0)
    first = page.evaluate(
        """() => {
            const top = document.querySelector('.editor').getBoundingClientRect().top;
            return [...document.querySelectorAll('#text-coloured span')].findIndex((span) => span.getBoundingClientRect().bottom > top + 2);
        }"""
    )
    part = float(reads[:first].sum() / reads.sum())
    assert f"{part:.0%}" in above.inner_text() or f"{100 * part:.1f}%" in above.inner_text()
    above.click()
    heaviest = page.locator("#text-coloured span").nth(int(reads[:first].argmax()))
    expect(heaviest).to_be_in_viewport()


def test_the_model_writes_on_and_its_characters_are_marked(wide: Visit) -> None:
    page = wide.open(link(TEXT))
    body = {"text": TEXT, "tokens": 24, "temperature": 0.8, "seed": 3}
    lines = page.request.post(
        f"{wide.address}/api/v1/checkpoints/classics-adaptive@latest/continuations", data=body
    ).text()
    written = re.search(r'"text":"((?:[^"\\]|\\.)*)"', lines.splitlines()[-1])
    assert written
    more = str(page.evaluate("(json) => JSON.parse(json)", f'"{written[1]}"'))
    page.get_by_label("how many bytes to write").fill("24")
    page.get_by_label("seed").fill("3")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#text-input")).to_have_value(TEXT + more, timeout=SLOW)
    expect(page.locator("#text-coloured .by-model")).to_have_count(len(more))
    expect(page.get_by_text("the last 24 bytes, slanted, are the model’s")).to_be_visible()
    wide.ready()
    assert np.isfinite(values(page)[-len(more) :]).all()
    expect(page).to_have_url(
        re.compile(f"written={len(TEXT)}-{len(TEXT) + len(more)}"), timeout=SLOW
    )
    page.reload()
    wide.ready()
    expect(page.locator("#text-coloured .by-model")).to_have_count(len(more))
    # stopped by what one types
    page.get_by_label("how many bytes to write").fill("1000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("of 1,000 bytes")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert len(page.locator("#text-input").input_value()) < len(TEXT) + 1000


def test_a_text_is_read_with_heads_cut_and_says_what_that_costs(wide: Visit) -> None:
    page = wide.open(link(TEXT, cuts="L5H0:40,L4H7:16", show="bits"))
    spans = [{"layer": 5, "head": 0, "span": 40}, {"layer": 4, "head": 7, "span": 16}]
    answer = wide.api("analyses", text=TEXT, spans=spans)
    line = page.locator("#text-what-if")
    expect(line).to_contain_text(
        f"read with L5·H0 cut to 40, L4·H7 cut to 16: {answer['what_if']['bits']:+.3f} bits a byte",
        timeout=SLOW,
    )
    assert values(page)[1:] == pytest.approx(
        floats(wide, answer["bits"])[1:].tolist(), rel=1e-2, abs=1e-2
    )
    line.get_by_role("button", name="undo").click()
    expect(line).to_be_hidden()
    assert "cuts" not in page.url
    bpc = wide.api("analyses", text=TEXT)["bpc"]
    expect(page.locator("#text-status")).to_contain_text(f"{bpc:.2f} bits a byte", timeout=SLOW)


def test_a_file_is_opened_and_cut_at_the_limit_and_a_long_text_is_offered_as_one(
    wide: Visit, tmp_path: Path
) -> None:
    page = wide.open(link("short"))
    long = tmp_path / "long.txt"
    long.write_bytes(("In the beginning. \r\n" * 80).encode())
    page.locator("input[type=file]").set_input_files(long)
    text = "In the beginning. \n" * 80
    expect(page.locator("#text-input")).to_have_value(text)
    expect(page.locator("#text-file")).to_contain_text("long.txt, 1.6 kB")
    offered = page.get_by_role("link", name="the text as a file")
    expect(offered).to_be_visible(timeout=SLOW)
    with page.expect_download() as saved:
        offered.click()
    assert saved.value.path().read_text() == text
    dropped = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['x'.repeat(20_007)], 'many.txt'));
            return data;
        }"""
    )
    page.dispatch_event("#text-input", "drop", {"dataTransfer": dropped})
    expect(page.locator("#text-file")).to_contain_text("cut after 20,000 characters")
    assert len(page.locator("#text-input").input_value()) == 20_000


def test_what_calls_for_much_is_told_by_kind_by_place_and_by_word(visit: Visit) -> None:
    page = visit.open(link(TEXT))
    distance = floats(
        visit,
        visit.api("analyses", text=TEXT, fields=["distance"], reduce="all")["fields"]["distance"],
    )
    words = [match.span() for match in re.finditer(r"[a-zA-Z]+", TEXT)]
    first = np.nanmean([distance[start] for start, _ in words])
    amount = f"{first:.0f}" if first >= 10 else f"{first:.1f}".removesuffix(".0")
    table = page.get_by_role("table", name="mean attention distance by place in the word")
    expect(table.locator("tr").first).to_contain_text(f"first letter{amount}", timeout=SLOW)
    of_words: dict[str, list[float]] = {}
    for a, b in (word for word in words if word[1] - word[0] > 1):
        of_words.setdefault(TEXT[a:b].lower(), []).extend(distance[a:b])
    best = max(of_words, key=lambda word: np.nanmean(of_words[word]))
    by_word = page.get_by_role("table", name="mean attention distance by word, the highest")
    expect(by_word.locator("tr").first).to_contain_text(best)
