"""What if heads saw less, on held-out text: what is read, what is kept, and what is said where there is no text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import Settings
from backend.work import held_out
from model import corpora, load
from model.corpora import Corpus, CorpusError, keep
from model.evaluate import evaluate
from model.needs import PIECE
from model.use import LANES, held_out_sample
from tests.backend.test_what_if import REFUSED

CUT = [{"layer": 1, "head": 0, "span": 4}, {"layer": 0, "head": 1, "span": 6}]
BY_NAME = {"tiny": "tiny@10", "moving": "moving@10"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text8 made up here."""
    folder = tmp_path_factory.mktemp("data")
    text = np.random.default_rng(0).integers(27, size=5000, dtype=np.uint8).tobytes()
    keep((text, text, text), folder / "text8")
    return folder


@pytest.fixture(scope="module")
def client(runs: Path, data: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(runs=runs, data=data))) as client:
        yield client


def ask(client: TestClient, name: str, spans: list[Any]) -> Any:
    return client.post(f"/api/v1/checkpoints/{name}/what-if", json={"spans": spans})


@pytest.mark.parametrize("name", BY_NAME)
def test_the_answer_is_the_reading_of_the_sample_with_the_heads_cut(
    client: TestClient, runs: Path, data: Path, name: str
) -> None:
    net = load(runs / name / "checkpoints/step-00000010")
    sample = held_out_sample(corpora.load("text8", data).valid, net.config.span_limit)
    whole = evaluate(net, sample, LANES)
    with net.cut([(1, 0, 4), (0, 1, 6)]):
        cut = evaluate(net, sample, LANES)
    answer = ask(client, BY_NAME[name], CUT).json()
    assert answer["bpc"] == pytest.approx({"before": whole.bpc, "after": cut.bpc})
    assert answer["bits"] == answer["bpc"]["after"] - answer["bpc"]["before"] != 0
    assert answer["tokens"] == len(sample) - LANES == 4998
    assert len(sample) > 2 * PIECE and 0 < answer["bits_error"] < 1
    assert answer["flops"]["after"] < answer["flops"]["before"]
    assert answer["cache_bytes"]["after"] < answer["cache_bytes"]["before"]
    spans = {(s["layer"], s["head"]): s for s in answer["spans"]}
    assert set(spans) == {(1, 0), (0, 1)}
    for (layer, head), span in spans.items():
        if whole.spans and cut.spans:
            assert span["before"] == pytest.approx(whole.spans.span[layer, head].item())
            assert span["after"] == pytest.approx(cut.spans.span[layer, head].item())
        else:
            assert span["before"] == 8 and span["after"] in (4, 6)


def test_no_cut_changes_nothing(client: TestClient) -> None:
    for spans in ([], [{"layer": 0, "head": 0, "span": 40}]):
        answer = ask(client, "moving@10", spans).json()
        assert answer["bits"] == answer["bits_error"] == 0
        for name in ("bpc", "flops", "cache_bytes"):
            assert answer[name]["before"] == answer[name]["after"]


def test_what_was_read_is_not_read_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(client, "tiny@20", CUT).json()
    read: list[object] = []

    def count(net: Any, sample: Any, cuts: Any) -> Any:
        read.append(cuts)
        return original(net, sample, cuts)

    original = held_out.read_held_out
    monkeypatch.setattr(held_out, "read_held_out", count)
    assert ask(client, "tiny@20", CUT[::-1]).json() == first and not read
    ask(client, "tiny@20", CUT[:1])
    assert len(read) == 1, "another cut costs one reading"


@pytest.mark.parametrize("kind", REFUSED)
def test_a_cut_that_cannot_be_is_refused_by_name(client: TestClient, kind: str) -> None:
    spans, detail = REFUSED[kind]
    answer = ask(client, "tiny@10", spans)
    assert answer.status_code == 422 and answer.json()["detail"].startswith(detail)


def test_without_the_corpus_it_says_what_to_do(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str, folder: Path) -> Corpus:
        raise CorpusError(f"{name}: {folder} cannot be read")

    monkeypatch.setattr(corpora, "load", missing)
    with TestClient(create_app(Settings(runs=runs, data=tmp_path))) as client:
        answer = ask(client, "tiny@10", CUT)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "`spanscope corpus text8`" in answer.json()["detail"]
        assert str(tmp_path) not in answer.text


def test_a_text_that_is_too_short_or_of_other_symbols_is_a_conflict(
    runs: Path, tmp_path: Path
) -> None:
    keep((b"abc", b"abc", b"abc"), tmp_path / "text8")
    keep((b"abc", b"abc", b"abc"), tmp_path / "enwik8")
    other = tmp_path / "runs"
    shutil.copytree(runs / "tiny", other / "tiny")
    with TestClient(create_app(Settings(runs=other, data=tmp_path))) as client:
        answer = ask(client, "tiny@10", CUT)
        assert answer.status_code == 409 and "too few" in answer.json()["detail"]
    for file in other.rglob("*.json"):
        file.write_text(file.read_text().replace('"corpus": "text8"', '"corpus": "enwik8"'))
    for file in other.rglob("summary.json"):
        file.write_text(file.read_text().replace('"files"', '"digests"'))
    with TestClient(create_app(Settings(runs=other, data=tmp_path))) as client:
        answer = ask(client, "tiny@10", CUT)
        assert answer.status_code == 409 and "this model reads text8" in answer.json()["detail"]


def test_the_documented_example_has_the_shape_of_an_answer(client: TestClient) -> None:
    post = client.get("/openapi.json").json()["paths"]["/api/v1/checkpoints/{id}/what-if"]["post"]
    example = post["responses"]["200"]["content"]["application/json"]["example"]
    assert set(example) == set(ask(client, "tiny@10", CUT).json())
    assert {"4XX", "503"} <= set(post["responses"])
