"""What the service tells of itself: ids of requests, its log, its metrics."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from backend import logs, metrics
from backend.app import create_app
from backend.settings import Settings
from model import background
from model.runs import Run
from tests.backend.conftest import TINY
from tests.backend.visits import Visit, in_own_loop

SECRET = "nobody else may read this"
Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def app(runs: Path, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0.0)
    app = create_app(Settings(runs=runs, shelf=runs))

    @app.get("/fails/{how}")
    async def fails(how: str) -> None:
        try:
            raise KeyError(how)
        except KeyError as error:
            raise ValueError(f"{how} is no number") from error

    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def log() -> Iterator[Log]:
    """What was logged in JSON."""
    logger, stream = logging.getLogger("spanscope"), io.StringIO()
    handler = logs.handler("json", stream)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def samples(client: TestClient) -> dict[tuple[str, str], float]:
    """(name, labels' values) of each."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, " ".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("given", ["a", "Trace-1.b_c", "x" * 64])
def test_a_plain_request_id_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"', "é"])
def test_any_other_is_replaced(client: TestClient, given: str) -> None:
    headers = {"X-Request-ID": given.encode()}
    made = [client.get("/healthz", headers=headers).headers["x-request-id"] for _ in range(2)]
    assert given not in made and len(set(made)) == 2


def test_the_log_has_a_line_for_each_request_that_holds_nothing_of_it(
    client: TestClient, log: Log
) -> None:
    headers = {"X-Request-ID": "mine", "Authorization": f"Bearer {SECRET}"}
    address = f"/api/v1/checkpoints/tiny@10/analyses?secret={SECRET}"
    answer = client.post(address, json={"text": SECRET}, headers=headers)
    (line,) = log()
    assert line["request_id"] == "mine" and line["level"] == "INFO"
    route = "/api/v1/checkpoints/{id}/analyses"
    assert (line["method"], line["route"], line["status"]) == ("POST", route, 200)
    assert line["bytes"] == int(answer.headers["content-length"]) and line["milliseconds"] > 0
    assert line["message"].startswith(f"POST {route} 200 ")
    assert not set(SECRET.split()) & set(json.dumps(line).replace('"', " ").split())


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/spans", "/spans"),
        ("/api/v1/runs/nope", "/api/v1/runs/{run}"),
        ("/static-offline-docs/swagger-ui.css", "/static-offline-docs/{path}"),
        ("/nope", "unmatched"),
        ("/api/v1/nope", "unmatched"),
    ],
)
def test_a_route_is_told_by_its_template(
    client: TestClient, log: Log, path: str, route: str
) -> None:
    client.get(path)
    assert log()[-1]["route"] == route


def test_what_fails_is_found_in_the_log_by_its_id_and_without_what_was_sent(
    client: TestClient, log: Log
) -> None:
    answer = client.get("/fails/zyzzyva", headers={"X-Request-ID": "wanted"})
    assert answer.status_code == 500 and answer.headers["x-request-id"] == "wanted"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith("the service's log says what, under wanted")
    failure, line = log()
    assert failure["request_id"] == line["request_id"] == "wanted"
    assert failure["message"] == "GET /fails/{how} failed" and line["status"] == 500
    origin = failure["exc_info"].splitlines()
    assert origin[0] == "ValueError" and "KeyError" in origin
    assert any(part.startswith(f"  {__name__}:") and part.endswith("fails") for part in origin)
    assert "zyzzyva" not in json.dumps([failure, line])


def test_a_reader_who_leaves_in_the_middle_of_events_is_no_failure(
    tmp_path: Path, log: Log
) -> None:
    run = Run.create(tmp_path, "long", TINY)
    for step in range(100):
        run.append_metrics({"step": step, "tokens": step, "bpc": 3.0, "z": [[1.0]]})
    app = create_app(Settings(runs=tmp_path, shelf=tmp_path))
    reader = Visit(app, "/api/v1/runs/long/events", {}, leave_after=3, method="GET")
    in_own_loop(reader.answer)
    assert reader.status == 200 and b"evaluation" in reader.content
    assert [line["message"] for line in log() if "failed" in line["message"]] == []


def test_a_line_of_text_names_the_request_too() -> None:
    stream = io.StringIO()
    record = logging.LogRecord("spanscope", logging.WARNING, "", 0, "what happened", None, None)
    logs.handler("text", stream).handle(record)
    assert stream.getvalue().endswith("WARNING spanscope [-] what happened\n")


def test_metrics_count_requests_by_route_however_many_paths_there_are(client: TestClient) -> None:
    for number in range(20):
        client.get(f"/nothing/{number}")
        client.request(f"ODD{number}", "/healthz")
        client.get(f"/api/v1/checkpoints/tiny@{number}/spans")
    told = samples(client)
    requests = {
        labels: n for (name, labels), n in told.items() if name == "spanscope_http_requests_total"
    }
    assert requests == {
        "GET unmatched 4xx": 20,
        "other /healthz 4xx": 20,
        "GET /api/v1/checkpoints/{id}/spans 2xx": 1,
        "GET /api/v1/checkpoints/{id}/spans 4xx": 19,
    }
    assert told["spanscope_http_request_duration_seconds_count", "GET unmatched"] == 20


def test_metrics_tell_of_the_engine_by_its_own_names(app: FastAPI, client: TestClient) -> None:
    assert {*metrics.GAUGES, *metrics.COUNTERS} == set(app.state.engine.figures())
    figures = {key: float(n) for n, key in enumerate((*metrics.GAUGES, *metrics.COUNTERS))}
    told = {
        name.removeprefix("spanscope_").removesuffix("_total"): n
        for family in metrics.EngineCollector(lambda: figures).collect()
        for name, _, n, *_ in family.samples
    }
    names = {**metrics.GAUGES, **metrics.COUNTERS}
    assert told == {name: figures[key] for key, (name, _) in names.items()}


def test_metrics_tell_of_runs_and_of_the_trainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "FRESH_SECONDS", 0.0)
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        before = samples(client)
        assert before["spanscope_trainer_present", ""] == before["spanscope_runs", "queued"] == 0
        Run.create(tmp_path, "a", TINY, queued=True)
        run = Run.create(tmp_path, "b", TINY)
        run.tell("started")
        run.report({"step": 1, "tokens_per_second": 700.0, "time": 1e12})
        with background._present(tmp_path), run.lock():
            told = samples(client)
    assert told["spanscope_trainer_present", ""] == 1
    assert told["spanscope_runs", "queued"] == told["spanscope_runs", "training"] == 1
    assert told["spanscope_training_tokens_per_second", ""] == 700
    assert told["spanscope_checkpoints", ""] == 0
