"""The trainer beside the service: it trains what the API queues, and ends with the service, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from model.background import is_present
from model.corpora import keep
from model.runs import Run

TINY = {
    "layers": 1,
    "heads": 1,
    "hidden": 8,
    "inner": 8,
    "span_limit": 64,
    "batch": 1,
    "steps": 100_000,
    "evaluate_every": 50,
    "evaluate_tokens": 256,
}


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service and its trainer on made-up text: the process and the API's address."""
    text = bytes(range(32, 127)) * 40
    keep((text, text, text), folder / "data" / "enwik8")
    command = [sys.executable, "-m", "backend", "serve", "--port", "0", "--trainer"]
    environment = {**os.environ, "SPANSCOPE_DATA": str(folder / "data"), "OMP_NUM_THREADS": "1"}
    command += ["--runs", str(folder / "runs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1] + "/api/v1"
        finally:
            process.kill()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_trainer_saves_and_ends_with_the_service(
    tmp_path: Path, number: signal.Signals
) -> None:
    run = Run(tmp_path / "runs" / "mine")
    with served(tmp_path) as (process, api):
        settings = {**TINY, "corpus": "enwik8"}
        body = {"name": "mine", "preset": "quick", "settings": settings}
        assert httpx2.post(f"{api}/runs", json=body).status_code == 201
        until(lambda: len(run.steps()) > 1)
        assert httpx2.get(f"{api}/runs").json()["trainer"] is True
        assert httpx2.get(f"{api}/runs/mine").json()["state"] == "training"
        process.send_signal(number)
        process.wait(60)
        until(lambda: not is_present(run.folder.parent))
    assert run.state()[0] == "interrupted"
    last = run.last_event()
    assert last and last["event"] == "left" and last["step"] == run.steps()[-1]
