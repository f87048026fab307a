"""The Text view: how soon a character typed has its colour, and what that takes of the model and of the wire."""

from __future__ import annotations

from statistics import median

from playwright.sync_api import Page, Response

VERSE = """To be, or not to be,--that is the question:--
Whether 'tis nobler in the mind to suffer
The slings and arrows of outrageous fortune
Or to take arms against a sea of troubles,
And by opposing end them?--To die,--to sleep,--
"""
TYPED = "No more; and by a sl"
SLOW_MS = 300_000

WATCH = """() => {
    const last = () => document.querySelector('#text-coloured').lastElementChild.lastElementChild;
    const before = last();
    const pressed = new Promise((resolve) => document.addEventListener('keydown', ({ timeStamp }) => resolve(timeStamp), { once: true, capture: true }));
    const frame = () => new Promise(requestAnimationFrame);
    window.coloured = pressed.then(async (start) => {
        while (last() === before || !last().style.backgroundColor) await frame();
        return await frame() - start;
    });
}"""


def measure(page: Page, base: str) -> dict[str, float]:
    """Medians on a fresh page, `base` being the service's address: milliseconds, ratios and bytes."""
    answers: list[Response] = []
    page.on("response", lambda r: answers.append(r) if r.url.endswith("/analyses") else None)
    page.goto(f"{base}/text")
    figures: dict[str, float] = {}
    for length in (1_000, 8_000):
        _open(page, length)
        figures[f"keystroke_ms_after_{length}"] = _typing(page)
    whole, more = _model_seconds(page, answers)
    figures["one_more_of_whole_after_8000"] = more / whole
    answers.clear()
    _open(page, 8_192, "Hamlet. ")
    sizes = [answer.request.sizes() for answer in answers]
    figures["overview_bytes_of_8192"] = sum(
        size["responseBodySize"] + size["responseHeadersSize"] for size in sizes
    )
    return figures


def _open(page: Page, length: int, first: str = "") -> None:
    page.locator("#text-input").fill((first + VERSE * 40)[:length])
    page.get_by_text(f"· {length:,} bytes ·").wait_for(timeout=SLOW_MS)
    page.wait_for_selector("html[data-ready=true]", timeout=SLOW_MS)


def _typing(page: Page) -> float:
    """Milliseconds from a key pressed at the end of the text to the frame after the one with its colour."""
    page.locator("#text-input").focus()
    page.keyboard.press("Control+End")
    times = []
    for key in TYPED:
        page.evaluate(WATCH)
        page.keyboard.press("Space" if key == " " else key)
        times.append(page.evaluate("() => window.coloured"))
        page.wait_for_timeout(150)
    return median(times)


def _model_seconds(page: Page, answers: list[Response]) -> tuple[float, float]:
    """Of 8,000 characters, and of one more: the service says how long its model took."""
    answers.clear()
    _open(page, 8_000, "Ham. ")
    page.locator("#text-input").focus()
    page.keyboard.press("Control+End")
    page.wait_for_timeout(500)
    whole = sum(answer.json()["model_seconds"] for answer in answers)
    answers.clear()
    _typing(page)
    return whole, median(answer.json()["model_seconds"] for answer in answers)
