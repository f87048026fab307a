"""Bodies that nobody should send: each is answered, none by a failure, and none leaves anything behind.

SOAK_BODIES says how many are sent: some hundreds in `make test`, many thousands in `make soak`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.app import create_app
from backend.settings import Settings
from model import pace
from model.runs import Run
from tests.backend.conftest import TINY, save

BODIES = int(os.environ.get("SOAK_BODIES", "300"))
MIB = 1_048_576
LONGEST_PROBLEM = 10_000

CUTS = [{"layer": 0, "head": 1, "span": 9}]
TEXT = {"text": "to be, or", "context": "not"}
SMALL = {"layers": 1, "hidden": 8, "inner": 8, "span_limit": 16, "block": 8, "ramp": 4, "heads": 2}
OPERATIONS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "POST",
        "checkpoints/tiny@10/analyses",
        {**TEXT, "from": 1, "fields": ["span"], "spans": CUTS},
    ),
    ("POST", "checkpoints/tiny@10/analyses", {**TEXT, "reduce": "head", "likeliest": 3}),
    ("POST", "checkpoints/tiny@10/attention", {**TEXT, "rows": [0, 2], "spans": CUTS}),
    ("POST", "checkpoints/tiny@10/attention", {**TEXT, "form": "display", "pool": [2, 3]}),
    ("POST", "checkpoints/tiny@10/attention", {**TEXT, "heads": [{"layer": 1, "head": 0}]}),
    ("POST", "checkpoints/tiny@10/what-if", {"spans": CUTS}),
    (
        "POST",
        "checkpoints/tiny@10/continuations",
        {**TEXT, "tokens": 2, "temperature": 0.5, "seed": 1, "spans": CUTS},
    ),
    ("POST", "checkpoints/compare", {**TEXT, "ids": ["tiny@10", "tiny@20"]}),
    (
        "POST",
        "runs",
        {"name": "a", "title": "b", "note": "c", "preset": "quick", "settings": SMALL},
    ),
    ("POST", "estimates", {"preset": "quick", "settings": {**SMALL, "variant": "dynamic"}}),
    ("PATCH", "runs/tiny", {"title": "a", "note": "b", "archived": True}),
    ("POST", "session", {"token": "no such token here"}),
]
ODD = [
    *("NaN", "-Infinity", "1e400", "-1e400", "1e-400", "1" * 400, "-" + "9" * 5000, "-0", "0.0"),
    *("1.0", "1e300", str(2**31), str(2**53), str(2**63), str(2**64), "-1", "0", "1000000000"),
    *("null", "true", "false", '"1"', '""', "[]", "{}", "[null]", '{"": ""}', "[[0]]"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e"', '"\x00"', '"../../etc"', '"é"'),
    *('"' + "x" * 30_000 + '"', "[" * 500 + "]" * 500, "[" * 100_000 + "]" * 100_000),
    *('{"a":' * 500 + "0" + "}" * 500, "[" + "0," * 20_000 + "0]", "01", "'a'", "0x1", "+1"),
    "{" + ",".join(f'"{number}": 0' for number in range(5_000)) + "}",
]
HOLE = "a hole"
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp037")
CONTENT_TYPES = (
    *["application/json"] * 20,
    *("application/json; charset=utf-16", "application/problem+json", "application/json;;=\xff"),
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", ""),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service of its own, that keeps little."""
    folder = tmp_path_factory.mktemp("fuzzed")
    run = Run.create(folder, "tiny", TINY)
    save(run, 10, 3.0)
    save(run, 20, 4.0)
    nothing = folder / "no corpora"
    nothing.touch()
    few = Settings(
        runs=folder, shelf=folder / "none", data=nothing, max_prefix_bytes=MIB, max_result_bytes=MIB
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "ENOUGH_SECONDS", 0.0)
        with TestClient(create_app(few), raise_server_exceptions=False) as client:
            yield client


def odd_body(chance: Random, body: dict[str, Any]) -> bytes:
    """A body with some of it replaced, repeated, cut or in another encoding."""
    written = json.dumps(body)
    for _ in range(chance.randrange(3)):
        written = chance.choice((replaced, repeated))(chance, written)
    content = written.encode(chance.choice(ENCODINGS), "replace")
    if chance.random() < 0.4:
        place = chance.randrange(len(content) + 1)
        new = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
        content = content[:place] + new + content[place + chance.randrange(6) :]
    return content


def replaced(chance: Random, written: str) -> str:
    """With something odd in the place of a value, or of all."""
    odd = chance.choice(ODD)
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return written
    holed, within, place = {"": value}, None, ""
    inner: Any = holed
    while within is None or (inner and isinstance(inner, dict | list) and chance.random() < 0.8):
        within = inner
        place = chance.choice([*inner] if isinstance(inner, dict) else range(len(inner)))
        inner = within[place]
    within[place] = HOLE
    return json.dumps(holed[""]).replace(json.dumps(HOLE), odd)


def repeated(chance: Random, written: str) -> str:
    """With one of its keys a second time."""
    try:
        keys = list(json.loads(written))
    except (ValueError, RecursionError, TypeError):
        return written
    if not keys or not written.endswith("}"):
        return written
    return f"{written[:-1]}, {json.dumps(chance.choice(keys))}: {chance.choice(ODD)}}}"


def send(client: TestClient, chance: Random) -> tuple[bytes, Response]:
    method, path, body = chance.choice(OPERATIONS)
    content, kind = odd_body(chance, body), chance.choice(CONTENT_TYPES)
    headers = {"Content-Type": kind.encode("latin-1")} if kind else {}
    return content, client.request(method, f"/api/v1/{path}", content=content, headers=headers)


def strictly(content: str) -> Any:
    """JSON as others read it, without NaN."""

    def refused(name: str) -> None:
        raise ValueError(name)

    return json.loads(content, parse_constant=refused)


@settings(max_examples=BODIES)
@given(st.randoms(use_true_random=False))
def test_an_odd_body_is_answered_and_never_by_a_failure(client: TestClient, chance: Random) -> None:
    content, answer = send(client, chance)
    assert answer.status_code < 500 or "held-out text" in answer.text, content
    assert "fuzzed" not in answer.text, "it names the folder"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", content
        assert len(answer.content) < LONGEST_PROBLEM, content
        assert strictly(answer.text)["detail"]
    elif answer.content and answer.headers.get("content-type") == "application/json":
        strictly(answer.text)


def test_odd_bodies_leave_nothing_in_memory(client: TestClient) -> None:
    chance = Random(1)
    resident = []
    for _ in range(3):
        for _ in range(BODIES):
            send(client, chance)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        resident.append(pages * os.sysconf("SC_PAGE_SIZE") / MIB)
    assert resident[2] - resident[1] < 8, resident
