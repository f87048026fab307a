"""Surveys, as the service answers for them."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from analysis.survey import folder_of, passages, read_survey, survey
from backend.app import create_app
from backend.settings import Settings
from tests.small_runs import FOX, prepared_corpus
from tests.surveyed import TEXT, newlines_run

ROOT = "/api/v1/checkpoints/newlines@10/surveys"
NUMBERS = ["z", "span", "use", "mean_distance", "distance_90", "entropy", "outside", "use_99"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the survey, in a folder of runs."""
    run = newlines_run(tmp_path_factory.mktemp("runs"))
    return folder_of(run.checkpoint(10), "lines")


@pytest.fixture(scope="module")
def client(folder: Path) -> TestClient:
    return client_of(folder.parents[3])


def client_of(runs: Path, **settings: Any) -> TestClient:
    app = create_app(Settings(runs=runs, **settings))
    return TestClient(app, raise_server_exceptions=False)


def test_a_checkpoint_lists_its_surveys(client: TestClient) -> None:
    (item,) = client.get(ROOT).json()["items"]
    (source,) = item["sources"]
    assert (item["name"], item["corpus"]) == ("lines", None)
    assert item["tokens"] == source["tokens"] == TEXT.stat().st_size
    shipped = client.get("/api/v1/checkpoints/classics-adaptive-seed@9800/surveys").json()
    assert (
        shipped["items"] == []
        and "spanscope survey classics-adaptive-seed@9800" in shipped["detail"]
    )


def test_a_gallery_has_what_the_tables_have_of_every_head(client: TestClient, folder: Path) -> None:
    gallery, known = client.get(f"{ROOT}/lines").json(), read_survey(folder)
    table = pd.read_csv(io.StringIO(client.get(f"{ROOT}/lines?format=csv").text))
    pd.testing.assert_frame_equal(table, known.heads, check_dtype=False)
    assert [group["group"] for group in gallery["groups"][1:7]] == known.about["groupings"]["kind"]
    for head, (_, row) in zip(gallery["heads"], known.heads.iterrows(), strict=True):
        assert [head[name] for name in NUMBERS] == pytest.approx(row[NUMBERS].tolist(), abs=1e-6)
        assert sum(head["mass"]) + head["outside"] == pytest.approx(1, abs=1e-4)
        means = zip(gallery["groups"], head["group_use"], strict=True)
        weighted = [
            group["tokens"] * (use or 0) for group, use in means if group["grouping"] == "kind"
        ]
        assert sum(weighted) / gallery["tokens"] == pytest.approx(head["use"], abs=1e-4)


def test_excerpts_show_who_looks_and_what_is_read(client: TestClient) -> None:
    gallery = client.get(f"{ROOT}/lines").json()
    source = TEXT.read_text()
    for head in gallery["heads"]:
        assert [excerpt["reason"] for excerpt in head["excerpts"]] == ["most", "quantile"]
        for excerpt in head["excerpts"]:
            assert excerpt["text"] in source
            assert excerpt["text"][excerpt["text_at"]] == source[excerpt["place"]]
            for key in excerpt["keys"]:
                read = source[excerpt["place"] - key["distance"]]
                assert key["at"] is None or excerpt["text"][key["at"]] == read
    assert [head["excerpts"][1]["quantile"] for head in gallery["heads"]].count(0.5) == 3
    most = gallery["heads"][1]["excerpts"][0]
    assert most["text"][most["text_at"]] == "\n" and most["keys"][0]["distance"] == 100


def test_a_head_has_all_its_groups_and_passages(client: TestClient, folder: Path) -> None:
    answer = client.get(f"{ROOT}/lines/heads/0/1").json()
    assert answer["answers_to"] == "newline"
    groups = pd.read_csv(io.StringIO(client.get(f"{ROOT}/lines/heads/0/1?format=csv").text))
    assert groups["group"].tolist() == [group["group"] for group in answer["groups"]]
    newline = next(group for group in answer["groups"] if group["group"] == "newline")
    reads_100 = next(i for i, edge in enumerate(answer["edges"]) if edge > 100) - 1
    assert newline["mass"][reads_100] > 0.9
    shown = passages(folder).query("layer == 0 and head == 1")
    assert [own["text"] for own in answer["passages"]] == shown["text"].tolist()
    assert [own["place"] for own in answer["passages"]] == shown["place"].tolist()
    figure = client.get(f"{ROOT}/lines/heads/0/1?format=figure").json()
    assert {line["name"] for line in figure["data"]} == {
        group["group"]
        for group in answer["groups"]
        if group["grouping"] == "kind" and group["tokens"]
    }


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("none", "there is no survey 'none' of newlines@10; there are: lines"),
        ("..%2Fstep-00000010%2Flines", "Not Found"),
        (".lines-work", "there is no survey '.lines-work' of newlines@10; there are: lines"),
        ("lines/heads/0/2", "layers go from 0 to 1, heads from 0 to 1"),
    ],
)
def test_what_is_not_there_is_named(client: TestClient, path: str, detail: str) -> None:
    answer = client.get(f"{ROOT}/{path}")
    assert answer.status_code == 404 and detail in answer.json()["detail"]


def test_another_survey_in_its_place_is_seen_and_a_broken_one_is_said(tmp_path: Path) -> None:
    run = newlines_run(tmp_path)
    folder, client = folder_of(run.checkpoint(10), "lines"), client_of(tmp_path)
    assert client.get(f"{ROOT}/lines").json()["tokens"] == TEXT.stat().st_size
    short = tmp_path / "short.txt"
    short.write_bytes(FOX * 5)
    survey(run.checkpoint(10), [short], folder, again=True)
    gallery = client.get(f"{ROOT}/lines").json()
    assert gallery["tokens"] == 5 * len(FOX)
    assert gallery["heads"][0]["excerpts"][0]["source"] == "short.txt"
    (folder / "groups.parquet").unlink()
    answer = client.get(f"{ROOT}/lines/heads/0/0")
    assert answer.status_code == 409 and "groups.parquet cannot be read" in answer.json()["detail"]


def test_texts_of_a_corpus_are_shown_while_it_is_there(tmp_path: Path) -> None:
    data = prepared_corpus(tmp_path / "data")
    run = newlines_run(tmp_path / "runs", "enwik8", data=data)
    assert run.checkpoint(10).is_dir()
    client = client_of(tmp_path / "runs", data=data)

    def passage() -> tuple[str | None, dict[str, Any]]:
        answer = client.get(f"{ROOT}/lines/heads/1/0").json()
        return answer["text_missing"], answer["passages"][0]

    missing, shown = passage()
    assert missing is None and shown["text"].strip() in (FOX * 40).decode()
    shutil.rmtree(data / "enwik8")
    missing, gone = passage()
    assert missing == "enwik8 is not here; `spanscope corpus enwik8` fetches it"
    assert gone == {**shown, "text": None}
