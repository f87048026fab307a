"""What a browser is told that it may do with an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("frame_ancestors", "frames"), [("'none'", "DENY"), ("https://lab.example.org", None)]
)
def test_every_answer_says_what_a_page_may_do_with_it(
    tmp_path: Path, frame_ancestors: str, frames: str | None
) -> None:
    settings = Settings(runs=tmp_path, shelf=tmp_path, frame_ancestors=frame_ancestors)
    app = create_app(settings)

    @app.get("/fails")
    async def fails() -> None:
        raise ValueError

    client = TestClient(app)
    answers = [
        *(
            client.get(path)
            for path in ("/", "/docs", "/healthz", "/api/v1/limits", "/nothing", "/fails")
        ),
        client.get("/static/nothing"),
        client.get("/healthz", headers={"Host": "evil.example"}),
        client.post("/healthz"),
        client.post("/api/v1/runs", content=b"x" * (settings.max_body_bytes + 1)),
    ]
    assert {answer.status_code for answer in answers} == {200, 400, 404, 405, 413, 500}
    for answer in answers:
        assert ALWAYS.items() <= dict(answer.headers).items()
        assert answer.headers.get("x-frame-options") == frames
        rules = answer.headers["content-security-policy"].split("; ")
        assert f"frame-ancestors {frame_ancestors}" in rules and "default-src 'none'" in rules
        scripts = next(rule for rule in rules if rule.startswith("script-src "))
        assert "unsafe" not in scripts
