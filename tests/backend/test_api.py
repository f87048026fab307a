"""The API, held against its own document and against the model."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from analysis import read_text, spans_table
from backend.app import create_app
from backend.settings import Settings
from model import load
from model.runs import Run
from tests.backend.conftest import TINY as SPEC
from tests.backend.conftest import save

SHIPPED = "/api/v1/checkpoints/classics-adaptive@latest"
TINY = "/api/v1/checkpoints/tiny@10"


def array(typed: dict[str, str]) -> np.ndarray:
    flat = np.frombuffer(base64.b64decode(typed["bdata"]), "<" + typed["dtype"])
    return flat.reshape([int(n) for n in typed["shape"].split(",")])


def analyse(client: TestClient, address: str, text: str, **body: Any) -> Response:
    return client.post(f"{address}/analyses", json={"text": text, **body})


def test_the_shipped_checkpoint_is_listed_with_its_spans(client: TestClient) -> None:
    items = client.get("/api/v1/checkpoints").json()["items"]
    shipped = [item for item in items if item["id"].startswith("classics-adaptive@")]
    assert shipped and shipped[0]["step"] == max(item["step"] for item in shipped)
    assert shipped[0]["variant"] == "adaptive" and "test" not in shipped[0]["bpc"]
    spans = client.get(f"{SHIPPED}/spans").json()
    assert len(spans["heads"]) == shipped[0]["layers"] * shipped[0]["heads"]
    assert all(1 <= head["span"] <= spans["span_limit"] for head in spans["heads"])
    mean = np.mean([head["span"] for head in spans["heads"]])
    assert shipped[0]["mean_span"] == pytest.approx(mean)


def test_one_checkpoint_comes_with_its_config_card_and_test_bpc(client: TestClient) -> None:
    answer = client.get(SHIPPED).json()
    assert answer["config"]["corpus"] == "classics"
    assert answer["card"].startswith("# classics · adaptive")
    assert 1 < answer["bpc"]["test"] < 2.1


def test_aliases_are_redirects_nobody_keeps(client: TestClient) -> None:
    for alias, step in (("latest", 20), ("best", 10)):
        answer = client.get(
            f"/api/v1/checkpoints/tiny@{alias}/spans?format=csv", follow_redirects=False
        )
        assert answer.status_code == 307
        assert answer.headers["location"] == f"/api/v1/checkpoints/tiny@{step}/spans?format=csv"
        assert answer.headers["cache-control"] == "no-store"


def test_spans_have_one_content_in_three_forms(client: TestClient, runs: Path) -> None:
    net = load(runs / "tiny/checkpoints/step-00000010")
    table = spans_table(net.z, net.config)
    assert client.get(f"{TINY}/spans").json()["unit"] == "characters"
    csv = client.get(f"{TINY}/spans", headers={"Accept": "text/csv"})
    assert csv.headers["content-type"].startswith("text/csv") and csv.text == table.to_csv(
        index=False
    )
    figure = client.get(f"{TINY}/spans?format=figure").json()
    assert figure["layout"]["yaxis"]["type"] == "log"
    assert client.get(f"{TINY}/spans", headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"{TINY}/statistics?format=figure").status_code == 422


def test_statistics(client: TestClient) -> None:
    answer = client.get(f"{SHIPPED}/statistics").json()
    assert answer["all"]["flops"] == pytest.approx(
        sum(layer["flops"] for layer in answer["layers"])
    )
    assert answer["all"]["flops"] < answer["all"]["flops_fixed"]


def test_the_growth_of_spans(client: TestClient) -> None:
    answer = client.get("/api/v1/runs/tiny/spans").json()
    assert answer["steps"] == [10, 20]
    assert array(answer["z"]).shape == (2, 2, 2)
    assert client.get("/api/v1/runs/none/spans").status_code == 404


@pytest.mark.parametrize("reduce", ["all", "layer", "head"])
def test_an_analysis_is_what_the_model_gives(client: TestClient, runs: Path, reduce: str) -> None:
    text = "To be, or not to be"
    fields = ["span", "distance", "entropy", "outside"]
    answer = analyse(client, TINY, text, fields=fields, reduce=reduce).json()
    net = load(runs / "tiny/checkpoints/step-00000010")
    table = read_text(net, text, fields, reduce)  # type: ignore[arg-type]
    assert answer["tokens"]["count"] == len(table)
    np.testing.assert_array_equal(array(answer["tokens"]["start"]), table["start"])
    np.testing.assert_allclose(array(answer["bits"]), table["bits"], rtol=1e-5)
    for field in fields:
        expected = table[[c for c in table.columns if c.split()[0] == field]].to_numpy()
        got = array(answer["fields"][field])
        assert got.ndim == len(answer["axes"])
        np.testing.assert_allclose(got.reshape(len(table), -1), expected, rtol=1e-4, atol=1e-5)


TEXTS = {
    "one character": ("a", 200),
    "emoji": ("🙂👩‍👩‍👧‍👦" * 5, 200),
    "NUL": ("\0 and \x07", 200),
    "right to left": ("שלום", 200),
    "newlines alone": ("\n\r\n\n", 200),
    "the longest": ("x" * 20_000, 200),
    "empty": ("", 422),
    "too long": ("x" * 20_001, 413),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_every_kind_of_text_gets_a_right_answer_or_a_clear_refusal(
    client: TestClient, kind: str
) -> None:
    text, status = TEXTS[kind]
    address = TINY if len(text) > 1000 else SHIPPED
    answer = analyse(client, address, text, fields=["span"], reduce="all")
    assert answer.status_code == status
    if status == 200:
        body = answer.json()
        count = body["tokens"]["count"]
        assert len(array(body["bits"])) == len(array(body["fields"]["span"])) == count
        end = array(body["tokens"]["end"])
        assert end[-1] == len(text) and (np.diff(end) >= 0).all()
        assert address == TINY or count == len(text.encode())
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


BODIES = {
    "a lone surrogate": (b'{"text": "a\\ud800b"}', 422),
    "bad UTF-8": (b'{"text": "\xff\xfe"}', 400),
    "no JSON": (b"{", 422),
    "nothing": (b"", 422),
    "a number": (b'{"text": 1}', 422),
    "NaN": (b'{"text": NaN}', 422),
    "an array": (b"[]", 422),
    "an unknown field": (b'{"text": "a", "fields": ["depth"]}', 422),
    "an unknown key": (b'{"text": "a", "until": 3}', 422),
    "a number in the place of yes or no": (b'{"text": "a", "what_if": 1}', 422),
    "deep nesting": (b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
}


@pytest.mark.parametrize("kind", BODIES)
def test_broken_bodies_are_refused_with_a_problem(client: TestClient, kind: str) -> None:
    body, status = BODIES[kind]
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"{TINY}/analyses", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} == set(answer.json())


@pytest.mark.parametrize(
    "name",
    [
        "none@1",
        "tiny",
        "tiny@",
        "tiny@30",
        "tiny@-1",
        "..@10",
        "..%2F..%2Fetc@1",
        "%00@1",
        "@",
        "é@x",
    ],
)
def test_unknown_checkpoints_are_404(client: TestClient, name: str) -> None:
    answer = client.get(f"/api/v1/checkpoints/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_readiness_names_what_is_in_use(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    for _ in range(100):
        answer = client.get("/readyz")
        if answer.status_code == 200:
            break
        threading.Event().wait(0.1)
    assert answer.json()["device"] in ("cpu", "cuda") and answer.json()["dtype"] == "float32"


def test_without_a_checkpoint_the_service_waits_and_says_for_what(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        assert client.get("/api/v1/checkpoints").json() == {"items": [], "next": None}
        for _ in range(100):
            answer = client.get("/readyz")
            if "train one" in answer.json()["detail"]:
                break
            threading.Event().wait(0.1)
        assert answer.status_code == 503 and "spanscope train" in answer.json()["detail"]


DAMAGE: dict[str, tuple[str, bytes | None]] = {
    "weights cut short": ("model.safetensors", None),
    "config no object": ("config.json", b"[]"),
    "config too deep": ("config.json", b"[" * 100_000),
    "config of another model": ("config.json", json.dumps({"step": 2}).encode()),
    "summary without bpc": ("summary.json", b"{}"),
    "summary without a date": (
        "summary.json",
        b'{"bpc": {}, "tokens": 1, "seconds": 1.0, "created": "x"}',
    ),
    "summary gone": ("summary.json", b""),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_checkpoint_is_passed_over_and_the_one_before_served(
    tmp_path: Path, kind: str
) -> None:
    run = Run.create(tmp_path, "hurt", SPEC)
    save(run, 1, 3.0)
    save(run, 2, 2.0)
    name, content = DAMAGE[kind]
    file = run.checkpoint(2) / name
    file.write_bytes(file.read_bytes()[:50] if content is None else content)
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        items = client.get("/api/v1/checkpoints").json()["items"]
        assert [item["id"] for item in items] == ["hurt@1"]
        assert client.get("/api/v1/checkpoints/hurt@latest").json()["step"] == 1
        assert client.get("/api/v1/checkpoints/hurt@2").status_code == 404


def test_damaged_metrics_are_named(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "hurt", SPEC)
    (run.folder / "metrics.jsonl").write_text("{\n{}\n")
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        answer = client.get("/api/v1/runs/hurt/spans")
        assert answer.status_code == 409
        assert "metrics.jsonl cannot be read" in answer.json()["detail"]


def test_a_name_used_again_is_another_checkpoint(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        answers = []
        for heads in (2, 4):
            spec = SPEC.replace(heads=heads)
            run = Run.create(tmp_path, "again", spec)
            save(run, 1, 3.0)
            address = "/api/v1/checkpoints/again@1"
            assert client.get(address).json()["heads"] == heads
            answers.append(array(analyse(client, address, "a text").json()["bits"])[1])
            shutil.rmtree(run.folder)
        assert answers[0] != answers[1]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0, */*;q=0.1", "application/json"),
        ("text/*", "text/csv"),
        (
            "application/vnd.plotly.v1+json, application/json;q=0.5",
            "application/vnd.plotly.v1+json",
        ),
        ("image/png", "application/problem+json"),
    ],
)
def test_accept_chooses_the_form(client: TestClient, accept: str, form: str) -> None:
    answer = client.get(f"{TINY}/spans", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == form
