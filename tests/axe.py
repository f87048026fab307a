"""axe-core, which finds what keeps people out of a page: fetched by npm when tests need it, never kept in the tree."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

PACKAGE = "axe-core@4.14.1"
FOLDER = Path(__file__).resolve().parents[1] / "build" / PACKAGE
GRAVE = ("serious", "critical")


@cache
def source() -> str | None:
    """Its script, or None where npm is missing or cannot fetch it. Raises RuntimeError where it is required."""
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process fetches it, the others wait
        if not script.exists() and npm:
            options = ("--prefix", str(FOLDER), "--no-save", "--no-audit", "--no-fund", "--silent")
            subprocess.run([npm, "install", *options, PACKAGE], check=False, timeout=120)
    if script.exists():
        return script.read_text(encoding="utf-8")
    if os.environ.get("REQUIRE_NODE"):
        raise RuntimeError(f"{PACKAGE} is required, and npm did not fetch it")
    return None


def findings(page: Page, script: str) -> list[str]:
    """What is grave: the rule, what it asks for, and where it is broken."""
    page.evaluate(script)
    found: list[dict[str, Any]] = page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['target'] for node in rule['nodes']][:5]}"
        for rule in found
        if rule["impact"] in GRAVE
    ]
