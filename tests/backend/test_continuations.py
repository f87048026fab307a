"""Texts that a model writes on, line by line."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend.catalogue import Entry
from backend.routes import continuations
from backend.work.devices import Device, Loaded
from backend.work.engine import Busy, Engine
from tests.backend.test_api import SHIPPED, TINY, analyse, array
from tests.backend.visits import Visit, in_own_loop

MOVING = TINY.replace("tiny", "moving")
SEEDS = {TINY: 3, MOVING: 3, SHIPPED: 3}


def lines(client: TestClient, address: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"{address}/continuations", json=body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("address", [TINY, MOVING, SHIPPED])
def test_what_is_written_reads_the_same_as_a_text(client: TestClient, address: str) -> None:
    text, context = "to be or not t", "hamlet "
    *tokens, last = lines(
        client, address, text=text, context=context, tokens=50, seed=SEEDS[address]
    )
    assert len(tokens) == last["tokens"] == 50 and last["model_seconds"] > 0
    assert "\ufffd" not in last["text"] and "  " not in last["text"], (
        "choose a seed that can be read again"
    )
    body = {"fields": ["span"], "reduce": "layer", "context": context, "from": len(text)}
    reading = analyse(client, address, text + last["text"], **body).json()
    assert array(reading["tokens"]["token"]).tolist() == [token["token"] for token in tokens]
    labels = reading["next"]["symbols"]
    assert all(token["symbol"] == labels[token["token"]] for token in tokens)
    np.testing.assert_allclose(array(reading["bits"]), [t["bits"] for t in tokens], rtol=1e-3)
    spans = array(reading["fields"]["span"])
    np.testing.assert_allclose(spans, [token["layers"] for token in tokens], rtol=1e-5)
    if address == MOVING:
        assert np.mean(tokens[7]["heads"], 1).tolist() == tokens[7]["layers"]
    else:
        assert tokens[7]["heads"] is None


def test_a_seed_gives_one_text_even_after_others_were_read(client: TestClient) -> None:
    body = {"text": "to be or not to ", "tokens": 40, "temperature": 1.0}
    one = lines(client, SHIPPED, seed=5, **body)[-1]["text"]
    analyse(client, SHIPPED, body["text"] + "x", **{"from": 16})
    assert lines(client, SHIPPED, seed=5, **body)[-1]["text"] == one
    assert lines(client, SHIPPED, seed=6, **body)[-1]["text"] != one


def test_a_model_writes_with_heads_cut(client: TestClient) -> None:
    spans = [{"layer": 1, "head": 0, "span": 9}]
    *tokens, last = lines(client, TINY, text="to be or not t", tokens=40, seed=3, spans=spans)
    body = {"fields": ["span"], "from": 14, "spans": spans}
    reading = analyse(client, TINY, "to be or not t" + last["text"], **body).json()
    np.testing.assert_allclose(array(reading["bits"]), [t["bits"] for t in tokens], rtol=1e-3)
    np.testing.assert_allclose(array(reading["fields"]["span"]), [t["layers"] for t in tokens])


def test_bytes_that_are_no_character_are_named_and_replaced(client: TestClient) -> None:
    # at this temperature every byte is about as likely as any other
    *tokens, last = lines(client, SHIPPED, text="a", tokens=60, temperature=10, seed=1)
    written = bytes(token["token"] for token in tokens)
    with pytest.raises(UnicodeDecodeError):
        written.decode()
    assert last["text"] == written.decode(errors="replace")
    assert {t["symbol"] for t in tokens if t["token"] == 0xE9} <= {"0xE9"}


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"tokens": 0}, 422, "body.tokens"),
        ({"tokens": 1_001}, 422, "body.tokens: at most 1,000"),
        ({"temperature": -1}, 422, "body.temperature"),
        ({"temperature": "NaN"}, 422, "body.temperature"),
        ({"seed": 2**63}, 422, "body.seed"),
        ({"text": ""}, 422, "text: no token"),
        ({"text": "x" * 20_001}, 413, "The text has 20,001 characters"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_first_line(
    client: TestClient, body: dict[str, Any], status: int, detail: str
) -> None:
    answer = client.post(f"{TINY}/continuations", json={"text": "a", **body})
    assert answer.status_code == status and answer.json()["detail"].startswith(detail)


def test_it_writes_in_turns_and_waits_where_the_queue_is_full(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    whole = lines(client, TINY, text="a", tokens=50)
    own, calls = engine.run, 0

    async def busy_every_other_time(
        entry: Entry, work: Callable[[Loaded], Any], device: Device | None = None
    ) -> Any:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise Busy(1)
        return await own(entry, work, device)

    monkeypatch.setattr(engine, "run", busy_every_other_time)
    assert lines(client, TINY, text="a", tokens=50)[:50] == whole[:50]
    assert calls == 1 + 2 * math.ceil(49 / continuations.TURN)


def test_it_stops_when_nobody_listens(client: TestClient) -> None:
    visit = Visit(
        client.app, f"{TINY}/continuations", {"text": "a", "tokens": 1_000}, leave_after=30
    )
    in_own_loop(visit.answer)
    assert 30 <= len(visit.content.splitlines()) + 1 < 100


def test_a_turn_that_takes_too_long_cuts_the_text_off(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Engine = client.app.state.engine  # type: ignore[attr-defined]
    late, own = engine.figures()["late"], engine.run

    async def ever_slower(
        entry: Entry, work: Callable[[Loaded], Any], device: Device | None = None
    ) -> Any:
        if device:
            await asyncio.sleep(30)
        monkeypatch.setattr(engine.settings, "max_seconds", 0.01)
        return await own(entry, work)

    monkeypatch.setattr(engine, "run", ever_slower)
    answer = lines(client, TINY, text="a", tokens=50)
    assert len(answer) == 1 and "text" not in answer[-1]
    assert engine.figures()["late"] == late + 1
