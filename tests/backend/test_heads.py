"""What each head uses, as the service answers for it."""

from __future__ import annotations

import io
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from analysis import open_checkpoint
from backend.app import create_app
from backend.settings import Settings
from model import load
from model.runs import Run
from model.use import measure_use
from tests.backend.conftest import MOVING, TINY, save

TOKENS = np.random.default_rng(0).integers(27, size=300, dtype=np.uint8)
NULL = ("mean_distance", "entropy", "distance_90", "outside", "pull", "pull_error", "penalty")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of every variant, with what their heads use."""
    folder = tmp_path_factory.mktemp("measured")
    fixed = TINY.replace(variant="fixed")
    for name, spec in {"tiny": TINY, "moving": MOVING, "fixed": fixed}.items():
        run = Run.create(folder, name, spec)
        for step in (10, 20):
            save(run, step, 3.0)
            file = run.checkpoint(step) / "summary.json"
            use = measure_use(load(run.checkpoint(step)), TOKENS, 0.01, block=50)
            file.write_text(json.dumps({**json.loads(file.read_text()), "use": use.to_dict()}))
    return folder


@pytest.fixture(scope="module")
def client(measured: Path) -> TestClient:
    return TestClient(create_app(Settings(runs=measured)), raise_server_exceptions=False)


@pytest.mark.parametrize("name", ["tiny", "moving", "fixed"])
def test_a_head_has_what_was_measured_of_it(client: TestClient, measured: Path, name: str) -> None:
    folder = measured / name / "checkpoints/step-00000010"
    use = json.loads((folder / "summary.json").read_text())["use"]
    address = f"/api/v1/checkpoints/{name}@10/heads"
    whole = client.get(address).json()
    spans = client.get(f"/api/v1/checkpoints/{name}@10/spans").json()["heads"]
    assert whole["tokens"] == use["tokens"] == 298 and whole["detail"] is None
    assert sum(head["flops_share"] for head in whole["heads"]) == pytest.approx(1)
    for number, head in enumerate(whole["heads"]):
        layer, of_layer = divmod(number, 2)
        one = client.get(f"{address}/{layer}/{of_layer}").json()
        assert {key: one[key] for key in head} == head
        assert (head["layer"], head["head"]) == (layer, of_layer)
        assert head["span"] == spans[number]["span"] and head["z"] == spans[number]["z"]
        for key in NULL[:-1]:
            assert head[key] == (use[key] and use[key][layer][of_layer])
        assert head["penalty"] == use["penalty"]
        assert (head["pull"] is None) == (name == "fixed") == (head["penalty"] is None)
        assert one["edges"] == use["edges"] and one["mass"] == use["mass"][layer][of_layer]
        assert head["flops"] == 2 * 4 * head["span"]
        kept = 40 if name == "moving" else head["span"]
        assert head["cache_bytes"] == 2 * 4 * 4 * kept


def test_growth_ends_with_the_checkpoint(client: TestClient, measured: Path) -> None:
    lines = Run(measured / "tiny").metrics()
    for step, count in ((10, 1), (20, 2)):
        growth = client.get(f"/api/v1/checkpoints/tiny@{step}/heads/1/0").json()["growth"]
        assert growth["steps"] == [10, 20][:count] and growth["tokens"] == [1000, 2000][:count]
        assert growth["z"] == [line["z"][1][0] for line in lines[:count]]


def test_tables_are_the_same_content(client: TestClient) -> None:
    address = "/api/v1/checkpoints/tiny@10/heads"
    csv = pd.read_csv(io.StringIO(client.get(f"{address}?format=csv").text))
    heads = client.get(address).json()["heads"]
    assert csv.astype(object).where(csv.notna(), None).to_dict("records") == heads
    head = client.get(f"{address}/0/1").json()
    answer = client.get(f"{address}/0/1", headers={"Accept": "text/csv"})
    bins = pd.read_csv(io.StringIO(answer.text))
    assert bins["mass"].tolist() == head["mass"]
    assert [*bins["first"], 41] == head["edges"] == [1, *(bins["last"] + 1)]
    assert bins["mass"].sum() + head["outside"] == pytest.approx(1, abs=1e-4)
    assert (bins["mask"] > 0).tolist() == (bins["first"] <= head["span"]).tolist()


@pytest.mark.parametrize("show", ["reach", "distribution"])
def test_all_heads_are_a_figure_of_what_they_may_and_do_look_at(
    client: TestClient, measured: Path, show: str
) -> None:
    address = f"/api/v1/checkpoints/moving@10/heads?format=figure&show={show}"
    figure = client.get(address).json()
    mine = open_checkpoint(measured / "moving/checkpoints/step-00000010")
    drawn = getattr(mine, f"{show}_figure")()
    assert figure == json.loads(drawn.to_json()) and len(figure["data"]) == 2
    assert client.get(address.replace(show, "nothing")).status_code == 422


def test_the_figure_has_the_attention_under_the_mask(client: TestClient) -> None:
    address = "/api/v1/checkpoints/moving@10/heads/1/1"
    figure, head = (client.get(f"{address}?format={form}").json() for form in ("figure", "json"))
    attention, mask = figure["data"]
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert attention["x"] == head["edges"] and attention["y"][:-1] == head["mass"]
    heights = dict(zip(mask["x"], mask["y"], strict=True))
    assert heights[math.ceil(head["z"])] == 1 and 0 < heights[math.floor(head["z"]) + 2] < 1
    assert figure["layout"]["shapes"][0]["x0"] == head["distance_90"]
    # of a log axis shapes want the value, annotations its logarithm
    assert 10 ** figure["layout"]["annotations"][0]["x"] == pytest.approx(head["distance_90"])


@pytest.mark.parametrize("place", ["2/0", "0/2", "-1/0", "0/99999999999999999999"])
def test_a_head_that_is_not_there_is_404_with_the_bounds(client: TestClient, place: str) -> None:
    answer = client.get(f"/api/v1/checkpoints/tiny@10/heads/{place}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].endswith("layers go from 0 to 1, heads from 0 to 1")
    assert client.get("/api/v1/checkpoints/tiny@10/heads/a/0").status_code == 422


def test_what_was_not_measured_is_null_and_says_how_to_get_it(
    measured: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "tiny")
    shutil.copytree(measured / "tiny", run.folder)
    file = run.checkpoint(10) / "summary.json"
    summary = json.loads(file.read_text())
    del summary["use"]
    file.write_text(json.dumps(summary))
    address = "/api/v1/checkpoints/tiny@10/heads"
    with TestClient(create_app(Settings(runs=tmp_path))) as client:
        heads, head = client.get(address).json(), client.get(f"{address}/0/0").json()
        for answer, one in ((heads, heads["heads"][0]), (head, head)):
            assert answer["tokens"] is None
            assert "`python -m model.use tiny/checkpoints/step-00000010`" in answer["detail"]
            assert all(one[key] is None for key in (*NULL, "reach_unused"))
            assert one["span"] and one["flops"] and one["cache_bytes"]
        assert head["mass"] is None and head["edges"] and head["growth"]
        bins = pd.read_csv(io.StringIO(client.get(f"{address}/0/0?format=csv").text))
        assert bins["mass"].isna().all() and bins["mask"].notna().all()
        (mask,) = client.get(f"{address}/0/0?format=figure").json()["data"]
        assert mask["name"] == "mask"
        file.write_text(json.dumps({**summary, "use": {"tokens": 3}}))
        answer = client.get(f"{address}/0/0")
        assert answer.status_code == 409
        assert "does not fit config.json" in answer.json()["detail"]
