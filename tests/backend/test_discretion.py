"""Whatever is sent, and whatever goes wrong: no log holds a text or a token."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import logs
from backend.app import create_app
from backend.http.credentials import COOKIE
from backend.settings import Settings
from tests.backend.test_guard import SESSION, TOKEN

TEXT = "zyzzyva"
BODIES: tuple[Any, ...] = (
    {"text": TEXT},
    {"text": TEXT, "context": TEXT, "tokens": 3, "heads": [{"layer": 0, "head": 0}]},
    {"text": TEXT, "ids": ["tiny@10", "tiny@20"]},
    {"text": TEXT, "ids": [TEXT, TEXT]},
    {"text": TEXT * 4000, "ids": ["tiny@10", "tiny@20"]},
    {"text": [TEXT], TEXT: TEXT, "spans": TEXT},
    {"name": TEXT, "preset": "quick", "title": TEXT, "note": TEXT},
    {"name": f"{TEXT}!", "preset": TEXT, "settings": {TEXT: TEXT}},
    {"token": TOKEN},
    {"token": TEXT},
    TEXT,
)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that any logger says, in both forms; but for the client's own, which tells what it asks for."""
    monkeypatch.setattr(logging.getLogger("httpx2"), "propagate", False)
    stream, root = io.StringIO(), logging.getLogger()
    handlers = [logs.handler("text", stream), logs.handler("json", stream)]
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield stream
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def app(runs: Path, tmp_path: Path) -> FastAPI:
    return create_app(Settings.model_validate({"runs": tmp_path, "shelf": runs, "token": TOKEN}))


@pytest.mark.parametrize("broken", [False, True], ids=["as it is", "with a broken model"])
def test_no_log_holds_a_text_or_a_token(
    app: FastAPI, logged: io.StringIO, capfd: pytest.CaptureFixture[str], broken: bool
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError(f"{TEXT} cannot be read")

    if broken:
        app.state.engine.run = fail
    client = TestClient(app, raise_server_exceptions=False)
    begun = client.post(SESSION, json={"token": TOKEN})
    session = begun.cookies[COOKIE]
    client.cookies.clear()
    credentials = (
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"Bearer {TEXT}"},
        {"Cookie": f"{COOKIE}={session}", "Origin": "http://testserver"},
    )
    statuses = set()
    for template, methods in app.openapi()["paths"].items():
        path = template.format(id="tiny@10", run=TEXT, name=TEXT, layer=0, head=0)
        for shown in credentials if "post" in methods else ():
            for body in BODIES:
                statuses.add(client.post(path, json=body, headers=shown).status_code)
            raw = {"Content-Type": "application/json", **shown}
            statuses.add(client.post(path, content=f'{{"text": "{TEXT}', headers=raw).status_code)
    assert {200, 201, 204, 401, 404, 413, 422} - ({200} if broken else set()) <= statuses
    assert (500 in statuses) is broken
    said = logged.getvalue() + "".join(capfd.readouterr())
    assert said.count("POST /api/v1/checkpoints/{id}/analyses") > 20
    for secret in (TEXT, TOKEN, session):
        assert secret not in said
