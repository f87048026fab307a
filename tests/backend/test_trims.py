"""Trims over the API: asked for, made by the trainer, and what they tell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import plotly.io
import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from model import background
from model.leave import Leave
from model.runs import Run
from tests.backend.conftest import save
from tests.small_runs import SPEC, prepared_corpus

API = "/api/v1"
PARENT = f"{API}/checkpoints/small@8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(Run.create(tmp_path / "runs", "small", SPEC.replace(z_start=30)), 8, 5.0)
    return tmp_path / "runs"


@pytest.fixture
def client(folder: Path, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(runs=folder, data=prepared_corpus(tmp_path / "data"))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_a_trim_is_queued_made_and_told(client: TestClient, folder: Path, tmp_path: Path) -> None:
    nothing = client.get(f"{PARENT}/needs").json()
    assert nothing["tokens"] is None and nothing["heads"][0]["needs"] is None
    assert "spanscope trim small@8" in nothing["detail"]
    assert client.get(f"{PARENT}/heads").json()["heads"][0]["needs"] is None

    answer = client.post(f"{PARENT}/trims", json={"kind": "cache", "most": 0.5})
    run = answer.json()
    assert answer.status_code == 201 and answer.headers["location"] == f"{API}/runs/small-trimmed"
    assert (run["state"], run["title"]) == ("queued", "small · trimmed")
    asked = {"parent": "small@8", "kind": "cache", "most": 0.5, "doing": None, "share": None}
    assert run["trim"] == asked
    background.work(folder, "cpu", tmp_path / "data", Leave(), once=True)

    run = client.get(f"{API}/runs/small-trimmed").json()
    assert (run["state"], run["checkpoints"]) == ("ended", ["small-trimmed@8"])
    assert run["steps"] is None and run["mean_span"] > 0
    made = client.get(f"{API}/checkpoints/small-trimmed@8").json()
    parent = client.get(PARENT).json()
    assert made["parent"] == "small@8" and parent["parent"] is None
    assert made["cache_bytes"] <= 0.5 * parent["cache_bytes"]
    most = made["config"]["model"]["most_spans"]
    heads = client.get(f"{API}/checkpoints/small-trimmed@8/spans").json()["heads"]
    assert all(head["span"] <= most[head["layer"]][head["head"]] for head in heads)

    path = client.get(f"{API}/checkpoints/small-trimmed@8/path").json()
    (chosen,) = (point for point in path["points"] if point["chosen"])
    assert chosen["spans"] == most and chosen["bpc"] == made["bpc"]["valid"]
    assert (chosen["flops"], chosen["cache_bytes"]) == (made["flops"], made["cache_bytes"])
    assert path["points"][0]["flops"] == parent["flops"] and path["parent"] == "small@8"

    needs = client.get(f"{PARENT}/needs").json()
    assert needs["tokens"] > 0 and needs["detail"] is None
    for head, use in zip(
        needs["heads"], client.get(f"{PARENT}/heads").json()["heads"], strict=True
    ):
        enough = [one["span"] for one in head["tried"] if one["bits"] < 0.001]
        assert head["needs"] == use["needs"] in (*enough, head["span"])
    for part in (f"{PARENT}/needs", f"{API}/checkpoints/small-trimmed@8/path"):
        assert plotly.io.from_json(client.get(f"{part}?format=figure").text).data
        assert list(csv.DictReader(io.StringIO(client.get(f"{part}?format=csv").text)))
    again = client.post(f"{PARENT}/trims", json={"kind": "bpc", "most": 0.1}).json()
    assert again["name"] == "small-trimmed-2"


def test_what_cannot_be_trimmed_says_why(client: TestClient, folder: Path) -> None:
    def refused(**body: object) -> tuple[int, str]:
        answer = client.post(f"{PARENT}/trims", json=body)
        return answer.status_code, answer.json()["detail"]

    assert refused(kind="flops", most=2) == (
        422,
        "most is 2.0; it must be a share between 0 and 1",
    )
    assert refused(kind="bpc", most=0.1, name="Mine")[0] == 422
    assert refused(kind="bpc", most=0.1, name="small")[0] == 409
    assert refused(kind="bits", most=0.1)[0] == 422
    status = client.get(f"{PARENT}/path").status_code
    assert status == 404 and not (folder / "small-trimmed").exists()
    settings = Settings(runs=folder, read_only=True)
    with TestClient(create_app(settings)) as closed:
        answer = closed.post(f"{PARENT}/trims", json={"kind": "bpc", "most": 0.1})
        assert answer.status_code == 403
