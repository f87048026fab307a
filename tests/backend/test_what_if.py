"""What if spans were shorter: the answer, and what it says that it would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from fastapi.testclient import TestClient

from analysis.cost import cache_bytes, flops
from model import load, probe
from tests.backend.test_api import SHIPPED, TINY, analyse

TEXT = "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer" * 3
CUTS = [{"layer": 5, "head": 0, "span": 40}, {"layer": 4, "head": 3, "span": 33}]
EVERY = {"fields": ["span", "distance", "entropy", "outside"], "reduce": "head"}


def test_a_cut_at_the_limit_changes_nothing_bit_for_bit(client: TestClient) -> None:
    for address, limit in ((TINY, 40), (SHIPPED, 512), (TINY.replace("tiny", "moving"), 40)):
        whole = analyse(client, address, TEXT, **EVERY).json()
        spans = [{"layer": layer, "head": 0, "span": limit} for layer in (0, 1)]
        cut = analyse(client, address, TEXT, spans=spans, **EVERY).json()
        assert whole.pop("what_if") is None
        what_if = cut.pop("what_if")
        assert whole.pop("model_seconds") > 0 and cut.pop("model_seconds") > 0
        assert cut == whole
        assert what_if["bits"] == 0 and what_if["bpc_before"] == whole["bpc"]
        for cost in ("flops", "cache_bytes"):
            assert what_if[cost]["before"] == what_if[cost]["after"] > 0
        assert what_if["model_seconds"]["before"] > 0 < what_if["model_seconds"]["after"]


def test_the_answer_is_the_reading_with_the_heads_cut(client: TestClient) -> None:
    address = client.get(SHIPPED).json()["id"]
    run, step = address.split("@")
    net = load(Path(f"model/shelf/{run}/checkpoints/step-{int(step):08d}"))
    config, tokens = net.config, torch.tensor(list(TEXT.encode()))
    whole = probe.read(net, tokens, ["span"])
    with net.cut([(5, 0, 40), (4, 3, 33)]):
        cut = probe.read(net, tokens, ["span"])
    answer = analyse(client, SHIPPED, TEXT, spans=CUTS, fields=["span"]).json()
    what_if = answer["what_if"]
    assert answer["bpc"] == pytest.approx(cut.bits[1:].mean().item())
    assert what_if["bpc_before"] == pytest.approx(whole.bits[1:].mean().item())
    assert what_if["bits"] == answer["bpc"] - what_if["bpc_before"] != 0
    for reading, when in ((whole, "before"), (cut, "after")):
        spans = reading.fields["span"][0]
        assert what_if["flops"][when] == pytest.approx(flops(config, spans.mean().item()))
        assert what_if["cache_bytes"][when] == cache_bytes(config, spans.sum().item())
    assert whole.fields["span"][0, 4, 3] > cut.fields["span"][0, 4, 3] == 33


def test_the_change_may_be_declined(client: TestClient) -> None:
    told = analyse(client, SHIPPED, TEXT, spans=CUTS).json()
    quick = analyse(client, SHIPPED, TEXT, spans=CUTS, what_if=False).json()
    assert told["what_if"] and quick["what_if"] is None and quick["bits"] == told["bits"]


def test_other_cuts_follow_at_once(client: TestClient) -> None:
    for layer, span in ((0, 5), (1, 6), (1, 7)):
        spans = [{"layer": layer, "head": 1, "span": span}]
        answer = analyse(client, TINY, "a text", spans=spans)
        assert answer.status_code == 200 and answer.json()["what_if"]


def test_one_token_has_no_bits_to_change(client: TestClient) -> None:
    cuts = [{"layer": 0, "head": 0, "span": 1}]
    what_if = analyse(client, TINY, "a", spans=cuts).json()["what_if"]
    assert what_if["bits"] is None and what_if["bpc_before"] is None and what_if["flops"]


REFUSED: dict[str, tuple[list[Any], str]] = {
    "no such layer": ([{"layer": 2, "head": 0, "span": 9}], "body.spans.0.layer: at most 1"),
    "no such head": ([{"layer": 0, "head": 9**99, "span": 9}], "body.spans.0.head: at most 1"),
    "a negative layer": ([{"layer": -1, "head": 0, "span": 9}], "body.spans.0.layer: "),
    "beyond the limit": ([{"layer": 0, "head": 0, "span": 41}], "body.spans.0.span: at most 40"),
    "nothing": ([{"layer": 0, "head": 0, "span": 0}], "body.spans.0.span: "),
    "no whole number": ([{"layer": 0, "head": 0, "span": 9.5}], "body.spans.0.span: "),
    "true": ([{"layer": True, "head": 0, "span": 9}], "body.spans.0.layer: "),
    "no span": ([{"layer": 0, "head": 0}], "body.spans.0.span: "),
    "twice": ([{"layer": 0, "head": 0, "span": n} for n in (9, 8)], "body.spans.1: this head"),
    "too many": ([{"layer": 0, "head": 0, "span": 9}] * 1025, "body.spans: "),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_cut_that_cannot_be_is_refused_by_name(client: TestClient, kind: str) -> None:
    spans, detail = REFUSED[kind]
    answer = analyse(client, TINY, "a text", spans=spans)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(detail)
