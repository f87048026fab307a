"""Two copies of the service on one folder answer alike, asked in turn or behind the proxy of docker-compose.yml."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from backend.settings import Settings
from tests.backend.test_api import array
from tests.browser import service
from tests.small_runs import ROOT, wait_until

API = "/api/v1"
CADDYFILE = ROOT / "backend/deploy/Caddyfile"
CHECKPOINTS = ("tiny@10", "moving@10", "classics-adaptive@latest")
OF_EACH = ("date", "x-request-id")
"""Headers of one answer alone."""
IMPATIENT = {"SPANSCOPE_HEADER_SECONDS": "1", "SPANSCOPE_BODY_SECONDS": "1"}

Copies = tuple[httpx2.Client, httpx2.Client]


@pytest.fixture(scope="module")
def addresses(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = shutil.copytree(runs, tmp_path_factory.mktemp("shared") / "runs")
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        yield list(pool.map(lambda _: stack.enter_context(service(folder)), range(2)))


@pytest.fixture(scope="module")
def proxy(addresses: list[str]) -> Iterator[str]:
    """Caddy with the file of docker-compose.yml, less patient with slow clients."""
    caddy = shutil.which("caddy")
    if caddy is None:
        pytest.skip("Caddy is missing (Debian: apt-get install caddy)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        site = f"http://127.0.0.1:{free.getsockname()[1]}"
    upstreams = " ".join(address.removeprefix("http://") for address in addresses)
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)]
    environment = {**os.environ, **IMPATIENT, "SITE": site, "UPSTREAMS": f"to {upstreams}"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            wait_until(lambda: _answers(site), process)
            yield site
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    with suppress(httpx2.TransportError):
        return httpx2.get(f"{address}/healthz").status_code == 200
    return False


@pytest.fixture(params=["in turn", "behind a proxy"])
def copies(request: pytest.FixtureRequest, addresses: list[str]) -> Iterator[Copies]:
    """Two clients: of a copy each, or both of the proxy, which chooses."""
    if request.param == "behind a proxy":
        addresses = [request.getfixturevalue("proxy")] * 2
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(httpx2.Client(base_url=address, timeout=60, follow_redirects=True))
            for address in addresses
        )
        yield one, other


def test_what_is_read_is_the_same_to_the_byte(copies: Copies) -> None:
    one, other = copies
    kinds = set()
    for path in _paths_to_read(one):
        for form in ("json", "csv", "figure"):
            address = f"{path}?format={form}&ids={CHECKPOINTS[0]},{CHECKPOINTS[1]}"
            answer, again = one.get(address), other.get(address)
            assert again.status_code == answer.status_code and again.content == answer.content, path
            assert _of_both(again) == _of_both(answer), address
            kinds.add(answer.headers["content-type"].partition(";")[0])
            if tag := answer.headers.get("etag"):
                assert other.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert {"application/json", "text/csv", "application/vnd.plotly.v1+json"} < kinds


def _paths_to_read(client: httpx2.Client) -> Iterator[str]:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        # a stream has its own test, and what is told of one process is its own
        if "get" in methods and path not in (f"{API}/runs/{{run}}/events", "/readyz", "/metrics"):
            for id in CHECKPOINTS if "{id}" in path else ("",):
                yield path.format(id=id, run="tiny", name="none", layer=1, head=0)


def _of_both(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_EACH}


@pytest.mark.parametrize("id", CHECKPOINTS)
def test_texts_are_read_and_written_alike(copies: Copies, id: str) -> None:
    one, other = copies
    text, heads = "to be or not to be that is the question", [{"layer": 0, "head": 1}]
    read = {"text": text, "fields": ["span", "distance"], "reduce": "head"}
    for path, body in (
        ("analyses", {**read, "text": text[:20]}),
        ("analyses", {**read, "from": 20}),
        ("analyses", {**read, "context": "hamlet ", "spans": [{**heads[0], "span": 3}]}),
        ("attention", {"text": text, "heads": heads}),
        ("attention", {"text": text, "form": "display", "pool": 4}),
    ):
        answers = [c.post(f"{API}/checkpoints/{id}/{path}", json=body) for c in copies]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert_close(answers[0].json(), answers[1].json())
    body = {"text": text, "tokens": 40, "temperature": 1.0, "seed": 7}
    written = [c.post(f"{API}/checkpoints/{id}/continuations", json=body) for c in (one, other)]
    ends = [json.loads(answer.text.splitlines()[-1]) for answer in written]
    assert ends[0]["text"] == ends[1]["text"] and ends[0]["tokens"] == 40


def assert_close(one: Any, other: Any) -> None:
    """But for what was measured."""
    if isinstance(one, dict) and "bdata" in one:
        np.testing.assert_allclose(array(one), array(other), rtol=1e-5, atol=1e-5)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one.keys() - {"model_seconds"}:
            assert_close(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_close(a, b)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-5)
    else:
        assert one == other


def test_a_run_started_at_one_is_watched_and_deleted_at_the_other(copies: Copies) -> None:
    one, other = copies
    assert one.post(f"{API}/runs", json={"name": "mine", "preset": "quick"}).status_code == 201
    assert other.get(f"{API}/runs/mine").json()["state"] == "queued"
    # read while the stream is open: nothing between holds it back
    first = events(one, until="run")
    assert [event["event"] for event in first] == ["happened", "run"]
    assert other.post(f"{API}/runs/mine/stop").status_code == 202
    rest = events(other, after=first[-1]["id"])
    assert [event["event"] for event in rest] == ["happened", "run", "end"]
    assert [json.loads(event["data"]).get("event") for event in (first[0], rest[0])] == [
        "queued",
        "stop",
    ]
    assert other.delete(f"{API}/runs/mine?name=mine").status_code == 204
    assert one.get(f"{API}/runs/mine").status_code == 404


def events(client: httpx2.Client, after: str = "", until: str = "end") -> list[dict[str, str]]:
    found: list[dict[str, str]] = [{}]
    headers = {"Last-Event-ID": after}
    with client.stream("GET", f"{API}/runs/mine/events", headers=headers) as answer:
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                found[-1][name] = value
            elif found[-1].get("event") == until:
                return found
            elif "event" in found[-1]:
                found.append({})
    raise AssertionError(f"the stream ended before {until}: {found}")


def test_the_proxy_shares_requests_out(proxy: str, addresses: list[str]) -> None:
    def asked(address: str) -> int:
        return httpx2.get(f"{address}/metrics").text.count('route="/api/v1/limits"')

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: httpx2.get(f"{proxy}{API}/limits"), range(40)))
    assert all(map(asked, addresses))


@pytest.mark.parametrize(
    "head",
    [
        b"POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{",
        b"GET /healthz HTTP/1.1\r\nHo",
    ],
    ids=["body", "head"],
)
def test_the_proxy_waits_for_no_slow_client(proxy: str, head: bytes) -> None:
    host, port = proxy.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=0.1) as slow:
        slow.sendall(head)
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                with suppress(TimeoutError):
                    if not slow.recv(1000):
                        break
                slow.sendall(b" ")
            else:
                raise AssertionError("it still waits")


def test_the_proxy_is_as_patient_as_the_service() -> None:
    text = CADDYFILE.read_text(encoding="utf-8")
    for name in ("header_seconds", "body_seconds"):
        default = Settings.model_fields[name].default
        assert f"{{$SPANSCOPE_{name.upper()}:{default:g}}}s" in text
