"""Context, `from`, and attention: what is read and what of it is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from model import load
from model.bands import read_bands, weights_of
from tests.backend.test_api import SHIPPED, TINY, analyse, array

MOVING = TINY.replace("tiny", "moving")
TEXT = "To be, or not 2 be: 'tis the question!! whether it is nobler in the mind to suffer " * 2
EVERY = {"fields": ["span", "distance", "entropy", "outside"], "reduce": "head"}


def numbers(answer: dict[str, Any]) -> dict[str, np.ndarray]:
    return {
        "token": array(answer["tokens"]["token"]),
        "start": array(answer["tokens"]["start"]),
        "end": array(answer["tokens"]["end"]),
        "bits": array(answer["bits"]),
        "share": array(answer["next"]["share"]),
        **{field: array(values) for field, values in answer["fields"].items()},
    }


@pytest.mark.parametrize("address", [TINY, MOVING, SHIPPED])
@pytest.mark.parametrize("place", [0, 14, 16, 100, len(TEXT) - 1, len(TEXT)])
def test_from_returns_the_end_of_the_whole(client: TestClient, address: str, place: int) -> None:
    answers = [analyse(client, address, TEXT, **{"from": n}, **EVERY).json() for n in (0, place)]
    whole, end = map(numbers, answers)
    first = int(np.searchsorted(whole["start"], place))
    assert answers[1]["tokens"]["first"] == first
    assert answers[1]["tokens"]["count"] == len(whole["token"]) - first
    for name, values in end.items():
        np.testing.assert_allclose(values, whole[name][first:], rtol=1e-4, atol=1e-5, err_msg=name)
    bits = whole["bits"][max(first, 1) :]
    assert answers[1]["bpc"] == (pytest.approx(bits.mean(), rel=1e-4) if len(bits) else None)


@pytest.mark.parametrize("address", [TINY, MOVING, SHIPPED])
def test_context_is_read_and_not_reported(client: TestClient, address: str) -> None:
    for cut in (7, 40):
        together = numbers(analyse(client, address, TEXT, **EVERY).json())
        answer = analyse(client, address, TEXT[cut:], context=TEXT[:cut], **EVERY).json()
        apart = numbers(answer)
        first = int(np.searchsorted(together["start"], cut))
        assert (
            apart["start"][0] == together["start"][first] - cut and answer["tokens"]["first"] == 0
        )
        for name, values in apart.items():
            moved = cut if name in ("start", "end") else 0
            expected = together[name][first:] - moved
            np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_a_cut_counts_the_tokens_returned(client: TestClient) -> None:
    body = {"context": TEXT[:30], "from": 20, "spans": [{"layer": 1, "head": 0, "span": 9}]}
    cut = analyse(client, TINY, TEXT[30:], **body).json()
    whole = analyse(client, TINY, TEXT[30:], **{**body, "spans": []}).json()
    assert cut["what_if"]["bpc_before"] == pytest.approx(whole["bpc"], rel=1e-5)
    assert cut["bpc"] - cut["what_if"]["bpc_before"] == pytest.approx(
        cut["what_if"]["bits"], abs=1e-6
    )
    nothing = analyse(client, TINY, "a text", **{**body, "from": 6}).json()
    assert nothing["what_if"] is None and nothing["bpc"] is None and not nothing["tokens"]["count"]


def test_likeliest_says_how_many(client: TestClient) -> None:
    for asked, given in ((1, 1), (27, 27), (200, 27)):
        share = array(analyse(client, TINY, "a text", likeliest=asked).json()["next"]["share"])
        assert share.shape == (6, given) and (np.diff(share) <= 0).all()
    np.testing.assert_allclose(share.sum(1), 1, rtol=1e-5)


def attention(client: TestClient, address: str, text: str = TEXT, **body: Any) -> Any:
    return client.post(f"{address}/attention", json={"text": text, **body})


@pytest.mark.parametrize("name", ["tiny", "moving"])
def test_attention_is_what_the_model_gives_as_json_and_as_octets(
    client: TestClient, runs: Path, name: str
) -> None:
    net = load(runs / name / "checkpoints/step-00000010")
    body = {"context": "first. ", "heads": [{"layer": 1, "head": 1}, {"layer": 0, "head": 0}]}
    answer = attention(client, TINY.replace("tiny", name), rows=[20, 60], **body)
    found = answer.json()
    tokens = torch.tensor(["abcdefghijklmnopqrstuvwxyz".find(c) + 1 for c in "first "])
    text = array(analyse(client, TINY, TEXT, context="first. ").json()["tokens"]["token"])
    tokens = torch.cat([tokens, torch.tensor(text)])
    bands = read_bands(net, tokens, [(1, 1), (0, 0)], 26, 66)
    assert found["rows"] == [20, 60] and found["scale"] is None and len(found["bands"]) == 2
    for one, band in zip(found["bands"], bands, strict=True):
        weights = array(one["weights"])
        np.testing.assert_allclose(weights, band.weights, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)
        np.testing.assert_allclose(array(one["outside"]), band.outside, rtol=1e-4, atol=1e-6)
        assert one["width"] == weights.shape[1]
    for chosen in (
        {"headers": {"Accept": "application/octet-stream"}},
        {"params": {"format": "octets"}},
    ):
        octets = client.post(
            f"{TINY.replace('tiny', name)}/attention",
            json={"text": TEXT, "rows": [20, 60], **body},
            **chosen,
        )
        assert octets.headers["spanscope-heads"] == "L1H1, L0H0"
        assert octets.headers["spanscope-dtype"] == "f4"
        shapes = [
            tuple(map(int, s.split("x"))) for s in octets.headers["spanscope-shapes"].split(", ")
        ]
        expected = [array(one["weights"]) for one in found["bands"]]
        assert shapes == [weights.shape for weights in expected]
        flat = np.concatenate([weights.ravel() for weights in expected])
        np.testing.assert_allclose(np.frombuffer(octets.content, "<f4"), flat, rtol=1e-4, atol=1e-6)


def test_a_picture_can_be_read_by_its_scale(client: TestClient) -> None:
    exact = array(
        attention(client, TINY, heads=[{"layer": 0, "head": 1}]).json()["bands"][0]["weights"]
    )
    answer = attention(client, TINY, form="display", heads=[{"layer": 0, "head": 1}]).json()
    picture = array(answer["bands"][0]["weights"])
    assert answer["scale"]["weight"] == "floor ** ((255 - code) / 254)"
    floor = answer["scale"]["floor"]
    shown = np.where(picture > 0, floor ** ((255 - picture.astype(float)) / 254), 0)
    visible = exact >= floor * 1.01
    np.testing.assert_allclose(shown[visible], exact[visible], rtol=0.02)
    assert (shown[exact < floor * 0.99] == 0).all()
    np.testing.assert_allclose(shown, weights_of(torch.tensor(picture)))


def test_rows_can_be_pooled_and_distances_left_apart(client: TestClient) -> None:
    body = {"form": "display", "heads": [{"layer": 0, "head": 1}]}
    exact = array(attention(client, TINY, **body).json()["bands"][0]["weights"])
    answer = attention(client, TINY, **body, pool=[8, 1]).json()
    pooled = np.maximum.reduceat(exact, range(0, len(exact), 8))
    assert answer["pool"] == [8, 1]
    np.testing.assert_array_equal(array(answer["bands"][0]["weights"]), pooled)


def test_a_near_head_over_8192_rows_is_small(client: TestClient) -> None:
    heads = client.get(f"{SHIPPED}/spans").json()["heads"]
    near = min(heads, key=lambda head: head["span"])
    asked = [{"layer": near["layer"], "head": near["head"]}]
    body = {"text": "To be or" * 1024, "heads": asked, "form": "display"}
    octets = client.post(f"{SHIPPED}/attention?format=octets", json=body)
    assert octets.headers["spanscope-shapes"] == f"8192x{near['span']}"
    assert near["span"] <= 34 and len(octets.content) == 8192 * near["span"] <= 300_000


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such layer": ({"heads": [{"layer": 2, "head": 0}]}, "body.heads.0: there is no such head"),
    "twice": ({"heads": [{"layer": 1, "head": 0}] * 2}, "body.heads.1: this head is body.heads.0"),
    "no heads": ({"heads": []}, "body.heads"),
    "rows beyond the text": (
        {"rows": [0, 7]},
        "body.rows: [start, stop) with 0 <= start < stop <= 6",
    ),
    "no rows": ({"rows": [3, 3]}, "body.rows"),
    "rows before the text": ({"rows": [-1, 3]}, "body.rows"),
    "three numbers": ({"rows": [1, 2, 3]}, "body.rows"),
    "pooled weights": ({"pool": 2}, "body.pool: exact weights are not pooled"),
    "pooled distances": ({"pool": [1, 2]}, "body.pool: exact weights are not pooled"),
    "too large a pool": ({"pool": 65, "form": "display"}, "body.pool"),
    "a cut that cannot be": ({"spans": [{"layer": 0, "head": 0, "span": 41}]}, "body.spans.0.span"),
    "no text": ({"text": ""}, "text: no token"),
    "a text that goes on with the context": (
        {"text": "!!", "context": "a!"},
        "context and text: no",
    ),
    "a lone surrogate": ({"text": "a\ud800"}, "body"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_shown_is_refused_by_name(client: TestClient, kind: str) -> None:
    body, detail = REFUSED[kind]
    if kind == "a lone surrogate":
        answer = client.post(f"{TINY}/attention", content=b'{"text": "a\\ud800"}')
    else:
        answer = attention(client, TINY, **{"text": "a text", **body})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"from": 7}, "body.from: at most 6"),
        ({"from": -1}, "body.from"),
        ({"from": "1"}, "body.from"),
        ({"likeliest": 0}, "body.likeliest"),
        ({"context": 3}, "body.context"),
    ],
)
def test_an_analysis_that_cannot_be_is_refused_by_name(
    client: TestClient, body: dict[str, Any], detail: str
) -> None:
    answer = analyse(client, TINY, "a text", **body)
    assert answer.status_code == 422 and answer.json()["detail"].startswith(detail)


def test_limits_are_named_with_what_would_fit(runs: Path) -> None:
    settings = Settings(runs=runs, max_characters=100, max_weights=600)
    with TestClient(create_app(settings)) as client:
        answer = analyse(client, TINY, "x" * 60, context="y" * 41)
        assert (
            answer.status_code == 413
            and "have 101 characters; at most 100" in answer.json()["detail"]
        )
        for address in (TINY, MOVING):
            refused = attention(client, address, "x" * 100)
            assert refused.status_code == 413
            detail = refused.json()["detail"]
            assert "SPANSCOPE_MAX_WEIGHTS allows 600" in detail
            fitting = int(detail.split(" rows of these")[0].split()[-1])
            pool = int(detail.split("pool of ")[1].rstrip("."))
            if address == TINY:
                assert attention(client, address, "x" * 100, rows=[0, fitting]).status_code == 200
            picture = {"form": "display", "pool": pool}
            assert attention(client, address, "x" * 100, **picture).status_code == 200


def test_only_forms_there_are(client: TestClient) -> None:
    headers = {"Accept": "text/csv"}
    answer = client.post(f"{TINY}/attention", json={"text": "a"}, headers=headers)
    assert answer.status_code == 406 and "application/octet-stream" in answer.json()["detail"]
