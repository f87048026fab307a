"""Checkpoints side by side, and what others have published."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from analysis.compare import by_place
from tests.backend.test_api import SHIPPED, analyse, array

COMPARE = "/api/v1/checkpoints/compare"
CHECKPOINTS = "/api/v1/checkpoints"


def test_spans_and_costs_stand_side_by_side(client: TestClient) -> None:
    answer = client.get(COMPARE, params={"ids": "tiny@10,moving@10,tiny@20"}).json()
    items = answer["checkpoints"]
    assert [item["id"] for item in items] == ["tiny@10", "moving@10", "tiny@20"]
    for number, item in enumerate(items):
        whole = client.get(f"{CHECKPOINTS}/{item['id']}/statistics").json()["all"]
        for cost in ("flops", "flops_with_positions", "flops_paid", "cache_bytes", "mean_span"):
            assert item[cost] == whole[cost]
        spans = client.get(f"{CHECKPOINTS}/{item['id']}/spans").json()["heads"]
        assert [head["spans"][number] for head in answer["heads"]] == [h["span"] for h in spans]
    moving, tiny = answer["differences"]
    assert moving["bpc"] == 0.5 and tiny["bpc"] == 1.0
    assert moving["flops"] == items[1]["flops"] - items[0]["flops"] != 0
    assert moving["cache_bytes"] > 0 and moving["parameters"] > 0
    head = answer["heads"][3]
    assert head["differences"][0] == head["spans"][1] - head["spans"][0] != 0
    assert (head["layer"], head["head"]) == (1, 1)


def test_other_corpora_and_other_shapes_are_not_set_against_each_other(client: TestClient) -> None:
    answer = client.get(COMPARE, params={"ids": "tiny@best,classics-adaptive@latest"})
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["checkpoints"][0]["id"] == "tiny@10"
    assert body["differences"][0]["bpc"] is None and body["differences"][0]["flops"] > 0
    assert len(body["heads"]) == 48
    first, last = body["heads"][0], body["heads"][-1]
    assert None not in first["spans"] and last["spans"][0] is None
    assert first["differences"] == last["differences"] == [None]


def test_both_tables_can_be_had_as_csv(client: TestClient) -> None:
    params = {"ids": "tiny@10,moving@10", "format": "csv"}
    heads = pd.read_csv(io.StringIO(client.get(COMPARE, params=params).text))
    assert list(heads) == [
        "layer",
        "head",
        "span tiny@10",
        "span moving@10",
        "difference moving@10",
    ]
    difference = heads["span moving@10"] - heads["span tiny@10"]
    np.testing.assert_allclose(heads["difference moving@10"], difference)
    params["table"] = "checkpoints"
    checkpoints = pd.read_csv(io.StringIO(client.get(COMPARE, params=params).text))
    assert checkpoints["id"].tolist() == ["tiny@10", "moving@10"]
    assert checkpoints["bpc_part"].tolist() == [3.0, 3.5] and (checkpoints["flops"] > 0).all()


def flat(drawn: dict[str, str]) -> Any:
    """The numbers of a trace."""
    return array({"shape": "-1", **drawn})


def test_the_figures_hold_the_tables(client: TestClient) -> None:
    params = {"ids": "moving@10,tiny@10", "format": "figure"}
    heads = client.get(COMPARE, params={**params, "format": "json"}).json()
    moving, tiny = client.get(COMPARE, params=params).json()["data"]
    assert (moving["name"], tiny["name"]) == ("moving@10", "tiny@10")
    spans = {f"L{h['layer']}H{h['head']}": h["spans"][1] for h in heads["heads"]}
    drawn = dict(zip(tiny["customdata"], flat(tiny["y"]), strict=True))
    assert {key: span for key, span in drawn.items() if key} == spans
    assert moving["error_y"]["array"] and "error_y" not in tiny

    params |= {"table": "checkpoints", "against": "cache_bytes"}
    cost = client.get(COMPARE, params=params).json()["data"]
    assert [trace["name"] for trace in cost] == ["text8, others", "text8, chosen"]
    others, chosen = cost
    items = {item["id"]: item for item in heads["checkpoints"]}
    assert others["customdata"] == ["tiny@20"] and set(chosen["customdata"]) == set(items)
    places = zip(chosen["customdata"], flat(chosen["x"]), flat(chosen["y"]), strict=True)
    for id, x, y in places:
        assert (x, y) == (items[id]["cache_bytes"], items[id]["bpc"]["part"])
    params["against"] = "flops"
    names = [trace["name"] for trace in client.get(COMPARE, params=params).json()["data"]]
    assert names == ["text8, others", "text8, chosen", "text8, published", "enwik8, published"]


@pytest.mark.parametrize(
    ("ids", "status", "detail"),
    [
        ("tiny@10", 422, "ids: two to four checkpoints are compared, not 1"),
        ("tiny@10,tiny@20,moving@10,classics-adaptive@latest,tiny@10", 422, "ids: two to four"),
        ("tiny@10,tiny@best", 422, "ids: each checkpoint once; these are tiny@10, tiny@10"),
        ("tiny@10,none@1", 404, "there is no checkpoint 'none@1'"),
        ("tiny@10,", 404, "there is no checkpoint ''"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(
    client: TestClient, ids: str, status: int, detail: str
) -> None:
    got = client.get(COMPARE, params={"ids": ids})
    assert got.status_code == status and got.json()["detail"].startswith(detail)
    posted = client.post(COMPARE, json={"ids": ids.split(","), "text": "a"})
    assert posted.status_code == status
    assert client.get(COMPARE).status_code == 422


def read(client: TestClient, ids: list[str], text: str, **body: Any) -> dict[str, Any]:
    answer = client.post(COMPARE, json={"ids": ids, "text": text, **body})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_one_text_through_both_differs_token_by_token(client: TestClient) -> None:
    text, context = "to be or not to be", "hamlet "
    answer = read(client, ["tiny@10", "moving@10"], text, context=context)
    assert answer["places"] == "token"
    readings = answer["readings"]
    for reading in readings:
        alone = analyse(
            client, f"{CHECKPOINTS}/{reading['checkpoint']}", text, context=context, reduce="all"
        ).json()
        assert reading["bpc"] == pytest.approx(alone["bpc"])
        np.testing.assert_allclose(array(reading["bits"]), array(alone["bits"]), rtol=1e-4)
        np.testing.assert_allclose(array(reading["span"]), array(alone["fields"]["span"]))
    (difference,) = answer["differences"]
    assert difference["checkpoint"] == "moving@10"
    for field in ("bits", "span"):
        first, other = (array(reading[field]) for reading in readings)
        np.testing.assert_allclose(array(difference[field]), other - first, rtol=1e-3, atol=1e-5)


def test_where_alphabets_differ_places_are_code_points(client: TestClient) -> None:
    text = "Äh, 2 be\u2026 or"
    latest = client.get(SHIPPED).json()["id"]
    answer = read(client, [latest, "tiny@10"], text)
    assert answer["places"] == "code point"
    difference = array(answer["differences"][0]["bits"])
    assert len(difference) == len(text)
    assert array(answer["differences"][0]["span"]).shape == difference.shape
    expected = []
    for reading in answer["readings"]:
        bits = array(reading["bits"])
        places = zip(
            array(reading["tokens"]["start"]), array(reading["tokens"]["end"]), strict=True
        )
        sums = [0.0] * len(text)
        for own, (start, end) in zip(bits, places, strict=True):
            for place in range(start, end):
                sums[place] += own / (end - start)
        expected.append(sums)
    np.testing.assert_allclose(difference, np.subtract(expected[1], expected[0]), rtol=1e-4)
    assert np.isnan(difference[0]) and np.isfinite(difference[2:]).all()


def test_places_without_a_token_have_no_number() -> None:
    values, places = np.array([1.0, 4.0, 2.0]), np.array([[1, 2], [2, 4], [2, 4]])
    nan = math.nan
    shared = by_place(values, places, 5, shared=True)
    np.testing.assert_array_equal(shared, [nan, 1, 3, 3, nan])
    np.testing.assert_array_equal(by_place(values, places, 5, shared=False), [nan, 1, 3, 3, nan])
    three = by_place(np.array([6.0]), np.array([[0, 3]]), 3, shared=True)
    assert three.tolist() == [2, 2, 2]


def test_published_results_are_the_table(client: TestClient) -> None:
    items = client.get("/api/v1/published").json()["items"]
    small = [i for i in items if i["model"] == "adaptive small" and i["corpus"] == "text8"]
    assert small[0] | {"source": ""} == {
        "model": "adaptive small",
        "corpus": "text8",
        "layers": 12,
        "span_limit": 8192,
        "mean_span": 314,
        "parameters": 38e6,
        "flops": 42e6,
        "bpc_test": 1.11,
        "bpc_dev": 1.05,
        "source": "",
    }
    assert all(item["source"] for item in items)
    assert all(0.9 < (item["bpc_test"] or item["bpc_dev"]) < 1.2 for item in items)
    csv = client.get("/api/v1/published?format=csv").text
    table = pd.read_csv(io.StringIO(csv))
    assert len(table) == len(items) and ",512,512" not in csv and "314.0" not in csv
    assert table["mean_span"].isna().sum() == sum(i["mean_span"] is None for i in items)
