"""A model whose spans follow the token, as the service answers for it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from model.runs import Run
from model.ship import card
from tests.backend.conftest import MOVING, save
from tests.backend.test_api import analyse, array

CHECKPOINT = "/api/v1/checkpoints/moving@10"
LIMIT, RAMP = MOVING.model.span_limit, MOVING.model.ramp


def test_spans_are_means_and_percentiles_say_how_they_move(client: TestClient) -> None:
    heads = client.get(f"{CHECKPOINT}/spans").json()["heads"]
    assert len(heads) == 4
    for head in heads:
        assert RAMP <= head["p10"] < head["p90"] <= LIMIT
        assert head["p10"] <= head["p50"] <= head["p90"]
        assert head["p10"] < head["span"] < LIMIT and head["span"] != round(head["span"])
    table = pd.read_csv(io.StringIO(client.get(f"{CHECKPOINT}/spans?format=csv").text))
    assert table["span"].tolist() == [head["span"] for head in heads]
    assert (table["span"] <= table["paid"]).all()
    figure = client.get(f"{CHECKPOINT}/spans?format=figure").json()
    assert {"array", "arrayminus"} <= set(figure["data"][0]["error_y"])


def test_its_cost_is_that_of_the_means_its_cache_that_of_the_limit(client: TestClient) -> None:
    whole = client.get(f"{CHECKPOINT}/statistics").json()["all"]
    assert whole["flops"] < whole["flops_paid"] < whole["flops_fixed"]
    assert whole["cache_bytes"] == whole["cache_bytes_fixed"]
    item = client.get(CHECKPOINT).json()
    assert item["mean_span"] == pytest.approx(whole["mean_span"])
    tiny = client.get("/api/v1/checkpoints/tiny@10/statistics").json()["all"]
    assert tiny["flops"] == tiny["flops_paid"]


def test_a_text_gets_a_span_for_every_layer_head_and_token(client: TestClient) -> None:
    text = "to be or not to be"
    answer = analyse(client, CHECKPOINT, text, fields=["span"], reduce="head").json()
    spans = array(answer["fields"]["span"])
    assert spans.shape == (len(text), 2, 2)
    assert (np.ptp(spans, 0) > 0).all() and spans.min() >= RAMP and spans.max() <= LIMIT


def test_a_cut_is_felt_by_the_tokens_that_looked_further(client: TestClient) -> None:
    body = {"fields": ["span"], "reduce": "head"}
    text = "to be or not to be " * 4
    whole, cut = (
        analyse(client, CHECKPOINT, text, spans=spans, **body).json()
        for spans in ([], [{"layer": 0, "head": 1, "span": 12}])
    )
    before, after = (array(answer["fields"]["span"])[:, 0, 1] for answer in (whole, cut))
    np.testing.assert_array_equal(after, before.clip(max=12))
    assert (before > 12).any() and (before < 12).any()
    what_if = cut["what_if"]
    assert what_if["flops"]["after"] < what_if["flops"]["before"]
    # the cut head keeps 12 tokens, the others S
    assert what_if["cache_bytes"] == {"before": 32 * 4 * LIMIT, "after": 32 * (3 * LIMIT + 12)}


def test_a_checkpoint_without_the_sample_is_passed_over(tmp_path: Path) -> None:
    run = Run.create(tmp_path, "hurt", MOVING)
    save(run, 1, 3.0)
    save(run, 2, 2.0)
    file = run.checkpoint(2) / "summary.json"
    summary = json.loads(file.read_text())
    for spans in (None, [], {"tokens": 1}, {**summary["spans"], "p10": [1]}):
        file.write_text(json.dumps({**summary, "spans": spans}))
        with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
            items = client.get("/api/v1/checkpoints").json()["items"]
        assert [item["id"] for item in items] == ["hurt@1"]


def test_its_card_says_that_lengths_are_means(runs: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path, "moving", MOVING)
    save(run, 10, 3.0)
    file = run.checkpoint(10) / "summary.json"
    measured = {"bpc": {"part": 3.0, "valid": 3.0, "test": 3.1}, "corpus": {"test": "0"}}
    file.write_text(json.dumps({**json.loads(file.read_text()), **measured}))
    text = card(run, run.name)
    assert "(dynamic span," in text and "each the mean over 399 tokens of valid" in text
