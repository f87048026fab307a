"""Debian's Chromium, and the service that it looks at."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
def service(runs: Path) -> Iterator[str]:
    """`spanscope serve` as a process of its own on a free port: its address."""
    command = [sys.executable, "-m", "backend", "serve", "--port", "0", "--runs", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://127.0.0.1:" in line, line
            yield line.split()[-1]
        finally:
            process.terminate()
