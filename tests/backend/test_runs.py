"""Runs over the API: started, watched, stopped, resumed, described, deleted; and what a run would cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from model import background
from model.config import ModelConfig
from model.leave import Leave
from model.runs import Run
from model.trainer import Trainer
from model.transformer import Transformer
from tests.backend.conftest import TINY, save

API = "/api/v1"
SMALL = {"steps": 40, "evaluate_every": 20, "evaluate_tokens": 400, "batch": 2, "warmup": 5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def client(folder: Path, corpus: object) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(runs=folder)), raise_server_exceptions=False) as client:
        yield client


def started(client: TestClient, name: str = "mine") -> dict[str, object]:
    body = {"name": name, "preset": "quick", "settings": SMALL, "note": "a note"}
    answer = client.post(f"{API}/runs", json=body)
    assert answer.status_code == 201 and answer.headers["location"] == f"{API}/runs/{name}"
    return dict(answer.json())


def events(
    client: TestClient, run: str, last: str = ""
) -> list[tuple[str, str, dict[str, object]]]:
    """(event, id, data) of a stream, read to its end."""
    with client.stream(
        "GET", f"{API}/runs/{run}/events", headers={"Last-Event-ID": last}
    ) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(answer.iter_text()).split("\n\n")
    fields = [dict(line.split(": ", 1) for line in b.splitlines() if ": " in line) for b in blocks]
    return [(f["event"], f["id"], json.loads(f["data"])) for f in fields if "event" in f]


def test_a_run_is_queued_trained_watched_and_resumed(client: TestClient, folder: Path) -> None:
    run = started(client)
    assert (run["state"], run["note"], run["steps"]) == ("queued", "a note", 40)
    assert client.get(f"{API}/runs").json()["trainer"] is False
    assert client.post(f"{API}/runs/mine/stop").json()["state"] == "stopped"
    assert client.post(f"{API}/runs/mine/stop").status_code == 409
    assert client.post(f"{API}/runs/mine/resume").json()["state"] == "queued"

    background.work(folder, "cpu", None, Leave(), once=True)

    run = client.get(f"{API}/runs/mine").json()
    assert (run["state"], run["step"], run["tokens"]) == ("ended", 40, 40 * 2 * 64)
    assert run["checkpoints"] == ["mine@40", "mine@20"]
    assert client.post(f"{API}/runs/mine/resume").status_code == 409
    listed = client.get(f"{API}/checkpoints").json()["items"]
    assert {"mine@20", "mine@40"} <= {item["id"] for item in listed}
    answer = client.get(f"{API}/checkpoints/mine@latest", follow_redirects=False)
    assert answer.headers["location"] == f"{API}/checkpoints/mine@40"

    log = [line["event"] for line in client.get(f"{API}/runs/mine/log").json()["items"]]
    assert log == ["queued", "stop", "queued", "started", "checkpoint", "checkpoint", "ended"]
    lines = client.get(f"{API}/runs/mine/log?format=csv").text.splitlines()
    assert lines[0] == "time,event,step,detail" and len(lines) == 8
    curves = client.get(f"{API}/runs/mine/metrics").json()
    assert curves["steps"] == [20, 40] and curves["bpc"][-1] == run["bpc"]
    assert curves["mean_span"][-1] == run["mean_span"] >= 32
    table = client.get(f"{API}/runs/mine/metrics?format=csv").text.splitlines()
    assert table[0].startswith("step,tokens,") and len(table) == 3
    assert client.get(f"{API}/runs/mine/metrics?format=figure").json()["data"]


def test_events_tell_all_and_go_on_where_a_reader_stopped(client: TestClient, folder: Path) -> None:
    started(client)
    background.work(folder, "cpu", None, Leave(), once=True)
    told = events(client, "mine")
    assert [name for name, _, _ in told] == [*["evaluation"] * 2, *["happened"] * 5, "run", "end"]
    assert told[1][2]["bpc"] == client.get(f"{API}/runs/mine").json()["bpc"]
    assert [len(told[1][2]["z"]), told[-1][2]["state"]] == [3, "ended"]  # type: ignore[arg-type]
    again = events(client, "mine", told[2][1])
    assert [name for name, _, _ in again] == [*["happened"] * 4, "run", "end"]
    assert [id for _, id, _ in again] == [id for _, id, _ in told[3:]]


def test_what_cannot_be_trained_is_refused_before_anything_starts(
    client: TestClient, folder: Path
) -> None:
    for settings, detail in (
        ({"heads": 7}, "hidden is 64; it must be a multiple of heads=7"),
        ({"span_limit": 10}, "block is 64; it must be at most span_limit=10"),
        ({"corpus": "nope"}, "there is no corpus 'nope'; there are classics"),
        ({"layers": 10**9}, "layers: weights, gradients and optimizer need"),
        ({"batch": 10**7}, "batch is 10000000: what layers remember"),
        ({"steps": "many"}, "steps is 'many'; it must be a whole number"),
        ({"colour": 1}, "colour is 1; it must be the name of a setting"),
    ):
        for path, body in ((f"{API}/runs", {"name": "mine"}), (f"{API}/estimates", {})):
            answer = client.post(path, json={**body, "preset": "quick", "settings": settings})
            assert answer.status_code == 422 and detail in answer.json()["detail"], answer.text
    assert (
        "there is no preset 'none'"
        in client.post(f"{API}/runs", json={"name": "a", "preset": "none"}).text
    )
    assert client.post(f"{API}/runs", json={"name": "../a"}).status_code == 422
    assert not folder.exists() or not list(folder.iterdir())
    started(client)
    assert client.post(f"{API}/runs", json={"name": "mine"}).status_code == 409
    assert client.post(f"{API}/runs", json={"name": "classics-adaptive"}).status_code == 409


def test_a_run_is_described_archived_and_deleted_by_its_name(
    client: TestClient, folder: Path
) -> None:
    started(client)
    changes = {"title": "Breiter · wider", "archived": True}
    run = client.patch(f"{API}/runs/mine", json=changes).json()
    assert (run["title"], run["archived"], run["note"]) == ("Breiter · wider", True, "a note")
    assert client.delete(f"{API}/runs/mine").status_code == 422
    assert client.delete(f"{API}/runs/mine?name=other").status_code == 422
    with Run(folder / "mine").lock():
        answer = client.delete(f"{API}/runs/mine?name=mine")
        assert answer.status_code == 409 and "trained by another process" in answer.json()["detail"]
    assert client.delete(f"{API}/runs/mine?name=mine").status_code == 204
    assert client.get(f"{API}/runs/mine").status_code == 404
    assert not list(folder.glob("*mine*"))


def test_what_ships_is_only_read(client: TestClient) -> None:
    shipped = next(run for run in client.get(f"{API}/runs").json()["items"] if run["shelf"])
    path = f"{API}/runs/{shipped['name']}"
    assert shipped["state"] == "ended"
    for answer in (
        client.patch(path, json={"title": "x"}),
        client.delete(f"{path}?name={shipped['name']}"),
        client.post(f"{path}/stop"),
        client.post(f"{path}/resume"),
    ):
        assert answer.status_code == 409 and "on the shelf" in answer.json()["detail"]


def test_a_run_that_cannot_be_read_says_why_and_leaves_its_checkpoints(
    client: TestClient, folder: Path
) -> None:
    save(Run.create(folder, "hurt", TINY), 10, 3.0)
    (folder / "hurt" / "run.json").write_text('{"model": {"layers": "two"}}')
    run = client.get(f"{API}/runs/hurt").json()
    assert run["state"] == "unreadable" and "layers is 'two'" in run["detail"]
    assert client.get(f"{API}/checkpoints/hurt@10/spans").status_code == 200
    assert events(client, "hurt")[-1][0] == "end"


def test_an_estimate_counts_what_the_model_has(client: TestClient) -> None:
    body = {"preset": "quick", "settings": {"variant": "dynamic"}}
    found = client.post(f"{API}/estimates", json=body).json()
    made = Transformer(ModelConfig.from_dict(found["config"]["model"]))
    assert found["parameters"] == sum(p.numel() for p in made.parameters())
    memory = found["memory"]
    assert memory["weights"] == 4 * found["parameters"]
    assert memory["total"] == memory["weights"] + memory["optimizer"] + memory["remembered"]
    for of in ("start", "limit"):
        pace, seconds = found["tokens_per_second"][of], found["seconds"][of]
        assert pace * seconds == pytest.approx(found["tokens_total"])


@pytest.mark.parametrize(
    "setting",
    [
        *('"ramp": 18446744073709551616', '"learning_rate": 1e400', '"learning_rate": Infinity'),
        *('"layers": 1000000000', '"hidden": 16384', '"inner": 100000000, "hidden": 4, "batch": 1'),
        '"span_limit": 4000000, "hidden": 4, "layers": 1, "batch": 1',
        f'"variant": "{"x" * 1000}"',
    ],
)
def test_absurd_settings_are_refused_at_once_and_in_few_words(
    client: TestClient, setting: str
) -> None:
    content = f'{{"preset": "quick", "settings": {{{setting}}}}}'
    headers = {"Content-Type": "application/json"}
    answer = client.post(f"{API}/estimates", content=content, headers=headers)
    assert answer.status_code == 422 and len(answer.content) < 700, answer.text


def test_plans_list_presets_and_corpora(client: TestClient) -> None:
    presets = {item["name"]: item for item in client.get(f"{API}/presets").json()["items"]}
    assert presets["quick"]["config"]["training"]["steps"] == 1_000
    assert presets["classics-fixed"]["flops_start"] == presets["classics-fixed"]["flops_limit"]
    corpora = [item["name"] for item in client.get(f"{API}/corpora").json()["items"]]
    assert corpora == ["classics", "pysrc", "text8", "enwik8"]


def test_a_stop_asked_while_it_trains_saves_and_rests(
    client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(client)
    update = Trainer.update

    def asked_after_seven(trainer: Trainer) -> None:
        update(trainer)
        if trainer.step == 7:
            assert client.post(f"{API}/runs/mine/stop").json()["state"] == "stopping"

    monkeypatch.setattr(Trainer, "update", asked_after_seven)
    background.work(folder, "cpu", None, Leave(), once=True)
    run = client.get(f"{API}/runs/mine").json()
    assert (run["state"], run["step"], run["checkpoints"]) == ("stopped", 7, ["mine@7"])
    client.post(f"{API}/runs/mine/resume")
    background.work(folder, "cpu", None, Leave(), once=True)
    assert client.get(f"{API}/runs/mine").json()["state"] == "ended"
