"""A model of the original code in the service and on the command line, with its symbols' names and without."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import cli
from backend.app import create_app
from backend.settings import Settings
from model import corpora

FILE = Path(__file__).parents[1] / "model/fixtures/facebook-format-a.pt"
CHECKPOINTS = "/api/v1/checkpoints"
TRAINING = b"<27 symbols of enwik8>\nbyte after byte, up and up, x"


def spanscope(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["spanscope", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    (folder / "corpus").write_bytes(TRAINING)
    with pytest.MonkeyPatch.context() as patch:
        assert spanscope(patch, "import", FILE, "--output", folder / "unnamed") == 0
        named = ("--output", folder / "named", "--corpus", folder / "corpus")
        assert spanscope(patch, "import", FILE, *named) == 0
    return folder


@pytest.fixture(scope="module")
def client(runs: Path) -> Iterator[TestClient]:
    app = create_app(Settings(runs=runs, shelf=runs))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_it_is_listed_with_its_spans_and_their_cost(client: TestClient) -> None:
    named, unnamed = client.get(CHECKPOINTS).json()["items"]
    assert [named["id"], named["alphabet"], named["unit"]] == ["named@2000", "table", "bytes"]
    assert [unnamed["id"], unnamed["alphabet"], unnamed["unit"]] == [
        "unnamed@2000",
        "unknown",
        "symbols",
    ]
    assert unnamed["bpc"] == {"part": 2.4, "valid": None} and unnamed["corpus"] == "unknown"
    detail = client.get(f"{CHECKPOINTS}/unnamed@best").json()
    assert detail["tokens"] is None and detail["config"]["imported"] is True
    spans = client.get(f"{CHECKPOINTS}/unnamed@2000/spans").json()
    assert max(head["span"] for head in spans["heads"]) == 152
    statistics = client.get(f"{CHECKPOINTS}/unnamed@2000/statistics").json()
    assert statistics["all"]["flops"] < statistics["all"]["flops_fixed"]


def test_its_curves_are_the_original_s(client: TestClient) -> None:
    answer = client.get("/api/v1/runs/unnamed/spans").json()
    assert answer["steps"] == [1000, 2000] and answer["bpc"] == [2.6, 2.4]
    assert answer["span_avg"] == [33, 40] and answer["span_max"] == [60, 128]
    assert answer["z"] is None and answer["tokens"] == [None, None]


def test_without_names_a_text_is_refused_and_the_answer_says_what_is_missing(
    client: TestClient,
) -> None:
    answer = client.post(f"{CHECKPOINTS}/unnamed@2000/analyses", json={"text": "a"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert "--corpus FILE" in answer.json()["detail"]


def test_with_them_texts_are_read(client: TestClient) -> None:
    answer = client.post(f"{CHECKPOINTS}/named@2000/analyses", json={"text": "byte\n"})
    assert answer.status_code == 200 and answer.json()["tokens"]["count"] == 5
    assert answer.json()["next"]["symbols"][:3] == ["<", "2", "7"]
    strange = client.post(f"{CHECKPOINTS}/named@2000/analyses", json={"text": "byté"})
    assert strange.status_code == 422
    assert "'é' at position 3 is not in the table" in strange.json()["detail"]


def test_it_is_evaluated_in_its_own_numbers_where_its_symbols_have_names(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert spanscope(monkeypatch, "evaluate", "unnamed@2000", "--runs", runs) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: this model cannot read") and error.count("\n") == 1
    corpora.keep((TRAINING,) * 3, tmp_path / "pysrc")
    evaluate = ("evaluate", "named@2000", "--runs", runs, "--data", tmp_path, "--corpus", "pysrc")
    assert spanscope(monkeypatch, *evaluate) == 0
    assert "named@2000 pysrc test: " in capsys.readouterr().out
    corpora.keep((b"lost: Z",) * 3, tmp_path / "enwik8")
    assert spanscope(monkeypatch, *evaluate[:-1], "enwik8") == 2
    assert "cannot read enwik8" in capsys.readouterr().err
