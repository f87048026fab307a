"""Debian's Chromium, and the service that it looks at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

from backend.page import FRONTEND

ADAPTIVE = "classics-adaptive@9800"
"""The checkpoint of the shelf that pages are held against."""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def view_names() -> list[str]:
    """As views.js has them, a line for each."""
    lines = (FRONTEND / "views.js").read_text(encoding="utf-8")
    return re.findall(r"^  (\w+): \{ title:", lines, re.MULTILINE)


def chromium_path() -> str | None:
    """Where Chromium is, or None. Raises RuntimeError where it is required and missing."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("REQUIRE_CHROMIUM"):
        raise RuntimeError("Chromium is required and missing (Debian: apt-get install chromium)")
    return path


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def service(runs: Path, port: int = 0, **environment: str) -> Iterator[str]:
    """`spanscope serve` as a process of its own, on a free port unless one is given: its address."""
    command = [sys.executable, "-m", "backend", "serve", "--port", str(port), "--runs", str(runs)]
    env = {**os.environ, **environment}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://127.0.0.1:" in line, line
            yield line.split()[-1]
        finally:
            process.terminate()


class Visit:
    """A page, and all that went wrong on it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.wrong: list[str] = []
        page.on("console", lambda m: m.type in ("error", "warning") and self.wrong.append(m.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._local)

    def _local(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(f"a request to {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.ready()

    def ready(self) -> Page:
        self.page.wait_for_selector("html[data-ready=true]", timeout=60_000)
        return self.page

    def api(self, path: str, **body: Any) -> Any:
        root = f"{self.address}/api/v1/checkpoints/{ADAPTIVE}/{path}"
        request = self.page.request
        return (request.post(root, data=body) if body else request.get(root)).json()
