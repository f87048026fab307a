"""The Attention view over the wire: what a map of 8,192 tokens and an overview of 512 bring, and how long a frame takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

from playwright.sync_api import Page, Response

NEAR = 34
ROUNDS = 3
WORDS = "The clock struck nine when Margaret came home, and number {} of all that she had feared was true. "
LONG = "".join(WORDS.format(number) for number in range(100))[:8192]
SHORT = LONG[:512]
READ = """(length) => document.querySelector('.source summary').textContent.includes(length)
    && document.documentElement.dataset.ready === 'true'"""
FRAMES = """() => {
    window.frames_ = [];
    let last = performance.now();
    const next = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(next); };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(next); });
}"""


def measure(page: Page, base: str) -> dict[str, float]:
    """Medians: bytes of answers' bodies and heads, milliseconds until all is drawn, the longest frame on the way."""
    heads = _heads(page, base)
    near = min(heads, key=lambda head: abs(head["span"] - NEAR))
    far = max(heads, key=lambda head: head["span"])
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, head in (("near", near), ("far", far)):
            for key, value in _map(page, base, LONG, head).items():
                found.setdefault(
                    f"map of 8,192, {name} head (span {head['span']}), {key}", []
                ).append(value)
        for key, value in _map(page, base, SHORT, near).items():
            found.setdefault(f"map of 512, near head (span {near['span']}), {key}", []).append(
                value
            )
        found.setdefault("overview of 512, every head, bytes", []).append(_overview(page))
        for key, value in _moves(page, base, far).items():
            found.setdefault(f"zooming and panning in 8,192, {key}", []).append(value)
    return {name: median(values) for name, values in found.items()}


def _heads(page: Page, base: str) -> list[dict[str, int]]:
    root = f"{base}/api/v1/checkpoints"
    first = page.request.get(root).json()["items"][0]["id"]
    heads: list[dict[str, int]] = page.request.get(f"{root}/{first}/spans").json()["heads"]
    return heads


@contextmanager
def _answers(page: Page) -> Iterator[list[Response]]:
    """The answers with attention that come meanwhile."""
    answers: list[Response] = []

    def take(response: Response) -> None:
        if response.request.method == "POST" and response.url.endswith("/attention"):
            answers.append(response)

    page.on("response", take)
    yield answers
    page.remove_listener("response", take)


def _bytes(answers: list[Response]) -> float:
    sizes = [answer.request.sizes() for answer in answers]
    return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


def _of(answers: list[Response], heads: int | None) -> list[Response]:
    """Those to requests for so many heads; None is a row of all."""
    bodies = [(answer, answer.request.post_data_json) for answer in answers]
    return [answer for answer, body in bodies if len(body.get("heads", [])) == (heads or 0)]


def _ready(page: Page) -> None:
    page.wait_for_selector("html[data-ready=true]", timeout=120_000)


def _open(page: Page, base: str, text: str, head: dict[str, int]) -> None:
    page.goto(f"{base}/attention#head=L{head['layer']}H{head['head']}&text=.")
    _ready(page)
    page.locator(".source summary").click()
    page.evaluate(FRAMES)
    page.locator(".source textarea").fill(text)
    page.wait_for_function(READ, arg=f"{len(text):,} ", timeout=120_000)


def _map(page: Page, base: str, text: str, head: dict[str, int]) -> dict[str, float]:
    page.goto("about:blank")
    with _answers(page) as answers:
        began = perf_counter()
        _open(page, base, text, head)
        seconds = perf_counter() - began
        own = [a for a in answers if a.request.post_data_json["text"] == text]
        sizes = {
            "bytes of the map": _bytes(_of(own, 1)),
            "bytes of a row of all heads": _bytes(_of(own, None)),
        }
    return {
        **sizes,
        "ms": 1000 * seconds,
        "longest frame, ms": page.evaluate("Math.max(...window.frames_)"),
    }


def _overview(page: Page) -> float:
    """Of the text that is open: scrolled to, and waited for."""
    drawn = "() => [...document.querySelectorAll('#attention-multiples canvas')].every(({ dataset }) => dataset.drawn)"
    with _answers(page) as answers:
        page.locator("#attention-multiples").scroll_into_view_if_needed()
        page.wait_for_function(drawn, timeout=120_000)
    return _bytes([a for a in answers if len(a.request.post_data_json.get("heads", [])) > 1])


def _moves(page: Page, base: str, head: dict[str, int]) -> dict[str, float]:
    page.goto("about:blank")
    _open(page, base, LONG, head)
    box = page.locator("#attention-map").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + 100
    page.mouse.move(x, y)
    page.evaluate("window.frames_.length = 0")
    for _ in range(25):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(16)
    page.mouse.down()
    for step in range(25):
        page.mouse.move(x + 8 * step, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    frames = page.evaluate("window.frames_")
    return {"longest frame, ms": max(frames), "median frame, ms": median(frames)}
