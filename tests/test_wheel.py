"""A wheel of the project, installed elsewhere, serves the page with the shipped model."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.browser import service

ROOT = Path(__file__).parent.parent
PARTS = ("model", "analysis", "backend", "frontend")


def run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)


def test_the_wheel_serves_the_page_with_the_shipped_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, wheels, installed = (tmp_path / name for name in ("source", "wheels", "installed"))
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    run("build", "--wheel", "--outdir", str(wheels), str(source))
    (wheel,) = wheels.glob("*.whl")
    run("pip", "install", "--no-deps", "--target", str(installed), str(wheel))
    monkeypatch.setenv("PYTHONPATH", str(installed))
    monkeypatch.chdir(tmp_path)
    with service(tmp_path / "runs") as address:
        assert b"Spanscope" in urlopen(f"{address}/spans").read()
        assert b"classics-adaptive@" in urlopen(f"{address}/api/v1/checkpoints").read()
        assert b"classics-adaptive@" in _when_ready(f"{address}/readyz")


def _when_ready(address: str) -> bytes:
    for _ in range(200):
        try:
            body: bytes = urlopen(address).read()
            return body
        except HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"{address} is never ready")
