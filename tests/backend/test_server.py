"""The service as a process: clients that are slow or speak no HTTP, and the end."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from backend.catalogue import Catalogue
from backend.settings import SHELF
from model.runs import Run
from tests.serving import Service, serving
from tests.small_runs import PATIENCE_SECONDS, SPEC

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GET = HEAD + b"\r\n"
INSTANT_SECONDS = 0.3
BODY = json.dumps({"text": "some words", "tokens": 100}).encode()


def post(path: str, length: int = len(BODY)) -> bytes:
    head = f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {length}\r\n\r\n".encode()


def connected(service: Service, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", service.port), PATIENCE_SECONDS)
    made.sendall(sent)
    return made


def get(service: Service, path: str) -> bytes:
    with closing(HTTPConnection("127.0.0.1", service.port, PATIENCE_SECONDS)) as client:
        client.request("GET", path)
        response = client.getresponse()
        assert response.status == 200
        return response.read()


def wait_until_nobody_is_let_in(service: Service) -> None:
    with pytest.raises(ConnectionError):
        while True:
            connected(service).close()


@pytest.fixture(scope="module")
def hasty(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Nothing may take longer than an instant."""
    limits = dict.fromkeys(("header_seconds", "body_seconds", "idle_seconds"), INSTANT_SECONDS)
    with serving(runs, tmp_path_factory.mktemp("hasty"), **limits) as service:
        yield service


def answer(connection: socket.socket) -> tuple[HTTPResponse, bytes]:
    response = HTTPResponse(connection)
    response.begin()
    return response, response.read()


def rest(connection: socket.socket) -> bytes:
    """What comes until the connection ends."""
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            received += part
    return received


def last_answer(connection: socket.socket, status: int) -> dict[str, object]:
    response, body = answer(connection)
    assert response.status == status and response.headers["Connection"] == "close"
    assert rest(connection) == b""
    found: dict[str, object] = json.loads(body)
    return found


def trickle(connection: socket.socket, part: bytes) -> None:
    """Send a part over and over, until there is an answer."""
    connection.settimeout(0.05)
    answered = False
    while not answered:
        connection.sendall(part)
        with suppress(TimeoutError):
            answered = bool(connection.recv(1, socket.MSG_PEEK))
    connection.settimeout(PATIENCE_SECONDS)


def test_a_head_that_trickles_in_is_refused_while_others_are_answered(hasty: Service) -> None:
    with connected(hasty, HEAD) as slow, connected(hasty, GET) as kept:
        assert answer(kept)[0].status == 200
        kept.sendall(HEAD)
        assert get(hasty, "/healthz")
        trickle(slow, b"X-Slow: 1\r\n")
        assert "head must come" in str(last_answer(slow, 408)["detail"])
        last_answer(kept, 408)


def test_a_body_that_trickles_in_is_refused(hasty: Service) -> None:
    with connected(hasty, post("/checkpoints/tiny@10/analyses", 1000)) as slow:
        assert get(hasty, "/healthz")
        trickle(slow, b" ")
        assert "body must come" in str(last_answer(slow, 408)["detail"])
    assert "Traceback" not in hasty.log.read_text()


@pytest.mark.parametrize("sent", [b"", b"\r\n", GET, GET + b"\r\n"], ids=range(4))
def test_a_connection_without_a_request_ends(hasty: Service, sent: bytes) -> None:
    with connected(hasty, sent) as idle:
        assert rest(idle).count(b" 200 OK") == sent.count(HEAD)


def test_a_body_that_is_refused_early_must_end_all_the_same(hasty: Service) -> None:
    with connected(hasty, post("/nowhere", 1000)) as slow:
        assert rest(slow).count(b"HTTP/1.1 4") == 1


def test_a_slow_request_costs_none_before_it_the_answer(hasty: Service) -> None:
    with connected(hasty, GET + HEAD) as slow:
        assert answer(slow)[0].status == 200
        last_answer(slow, 408)


def test_headers_without_end_are_refused(hasty: Service) -> None:
    with connected(hasty, HEAD + b"X-Long: ") as endless:
        trickle(endless, b"x" * 20_000)
        last_answer(endless, 431)


def test_trailers_without_end_are_refused(hasty: Service) -> None:
    chunked = post("/estimates").replace(
        b"Content-Length: ", b"Transfer-Encoding: chunked\r\nX-Was: "
    )
    with connected(hasty, chunked + b"1\r\n{\r\n0\r\nX-Long: ") as endless:
        trickle(endless, b"x" * 20_000)
        last_answer(endless, 431)


def test_who_does_not_read_the_answer_is_cut_off(hasty: Service) -> None:
    plotly = re.search(rb'"(/assets/plotly[^"]+)"', get(hasty, "/"))
    assert plotly
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", hasty.port))
        deaf.sendall(b"GET " + plotly[1] + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert get(hasty, "/healthz")
        closed = select.poll()
        closed.register(deaf, select.POLLHUP)
        assert closed.poll(1000 * PATIENCE_SECONDS)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /api/v1/estimates HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n?\r\n",
    ],
    ids=range(7),
)
def test_what_is_not_http_is_refused(hasty: Service, sent: bytes) -> None:
    with connected(hasty, sent) as broken:
        last_answer(broken, 400)
    assert "Traceback" not in hasty.log.read_text()


def test_what_was_sent_before_the_end_is_answered(runs: Path, tmp_path: Path) -> None:
    request = post("/checkpoints/tiny@10/continuations") + BODY
    with serving(runs, tmp_path) as service, ExitStack() as opened:
        idle = [opened.enter_context(connected(service, GET)) for _ in range(20)]
        assert all(answer(connection)[0].status == 200 for connection in idle)
        service.process.send_signal(signal.SIGSTOP)
        service.process.send_signal(signal.SIGTERM)
        for connection in idle:
            connection.sendall(request)
        waiting = [opened.enter_context(connected(service, request)) for _ in range(20)]
        service.process.send_signal(signal.SIGCONT)
        for connection in idle + waiting:
            assert answer(connection)[0].status in (200, 429)
        assert service.process.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    assert service.log.read_text() == ""


def test_who_has_begun_is_answered_after_the_end_was_told(tmp_path: Path) -> None:
    Run.create(tmp_path, "waits", SPEC, queued=True)
    events = HEAD.replace(b"healthz", b"api/v1/runs/waits/events")
    writes = post(f"/checkpoints/{Catalogue([SHELF]).entries()[0].id}/continuations")
    with (
        serving(tmp_path, tmp_path) as service,
        connected(service, events + b"\r\n") as reading,
        connected(service, HEAD.replace(b"healthz", b"readyz")) as asking,
        connected(service, writes + BODY[:-1]) as writing,
    ):
        assert b" 200 " in reading.recv(20)
        service.process.send_signal(signal.SIGTERM)
        assert b"event: end" not in rest(reading)
        wait_until_nobody_is_let_in(service)
        asking.sendall(b"\r\n")
        assert last_answer(asking, 503)["detail"] == "the service is ending"
        writing.sendall(BODY[-1:])
        response, lines = answer(writing)
        assert response.status == 200 and response.headers["Connection"] == "close"
        assert json.loads(lines.splitlines()[-1])["tokens"] == 100
        assert service.process.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    assert service.log.read_text() == ""


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, tmp_path) as service, connected(service, HEAD) as slow:
        service.process.send_signal(signal.SIGINT)
        wait_until_nobody_is_let_in(service)
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PATIENCE_SECONDS) == 128 + signal.SIGINT
        assert rest(slow) == b""
