"""Forms, codings and tags of answers; lists in pages; limits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from backend.app import create_app
from backend.http.negotiation import chosen_coding
from backend.routes import checkpoints
from backend.settings import Settings
from backend.work.kept import Answer, Kept
from model.runs import Run
from tests.backend.conftest import TINY, save

API = "/api/v1"
TINY_10 = f"{API}/checkpoints/tiny@10"
UNCHANGING = ("spans", "spans?show=map", "statistics", "heads", "heads/1/0")
BROTLI = {"Accept-Encoding": "br"}


@pytest.mark.parametrize(
    ("header", "coding", "of_little"),
    [
        ("gzip, deflate, br, zstd", "br", "identity"),
        ("br;q=0, gzip", "gzip", "identity"),
        ("GZIP;q=1, br;q=0.9", "gzip", "identity"),
        ("gzip;q=0.5", "gzip", "identity"),
        ("identity, br;q=0.5", "identity", "identity"),
        ("*", "br", "identity"),
        ("*;q=0, gzip;q=0.1", "gzip", "gzip"),
        ("identity;q=0, gzip", "gzip", "gzip"),
        ("identity;q=0, *", "br", "br"),
        ("zstd", "identity", "identity"),
        ("br;q=high", "identity", "identity"),
        ("", "identity", "identity"),
        ("*;q=0", None, None),
        ("identity;q=0", None, None),
    ],
)
def test_the_coding_is_the_one_that_a_client_likes_best(
    header: str, coding: str | None, of_little: str | None
) -> None:
    assert chosen_coding(header) == coding
    assert chosen_coding(header, worth_it=False) == of_little


@pytest.mark.parametrize("path", UNCHANGING)
def test_what_never_changes_is_sent_once(client: TestClient, path: str) -> None:
    tags = set()
    for accept in ("application/json", "text/csv", "application/vnd.plotly.v1+json, */*;q=0.1"):
        for coding in ("identity", "br", "gzip"):
            headers = {"Accept": accept, "Accept-Encoding": coding}
            answer = client.get(f"{TINY_10}/{path}", headers=headers)
            tag = answer.headers["etag"]
            assert tag.startswith('"') and answer.headers["cache-control"] == "no-cache"
            assert answer.headers["vary"] == "Accept, Accept-Encoding"
            for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
                again = client.get(f"{TINY_10}/{path}", headers={**headers, "If-None-Match": known})
                assert (again.status_code, again.content) == (304, b"")
                assert again.headers["etag"] == tag and "content-length" not in again.headers
            headers["If-None-Match"] = tag.replace('"', '"x', 1)
            assert client.get(f"{TINY_10}/{path}", headers=headers).status_code == 200
            tags.add((answer.headers["content-type"], answer.headers.get("content-encoding"), tag))
    assert len({tag for *_, tag in tags}) == len(tags)


def test_two_copies_of_the_service_give_the_same_tags(client: TestClient, runs: Path) -> None:
    with TestClient(create_app(Settings(runs=runs))) as other:
        for path in UNCHANGING:
            answers = [one.get(f"{TINY_10}/{path}", headers=BROTLI) for one in (client, other)]
            assert answers[0].headers["etag"] == answers[1].headers["etag"]


def test_a_checkpoint_of_a_name_used_again_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(runs=tmp_path, shelf=tmp_path))) as client:
        known = ""
        for ramp in (8, 9):
            run = Run.create(tmp_path, "again", TINY.replace(ramp=ramp))
            save(run, 1, 3.0)
            answer = client.get(
                f"{API}/checkpoints/again@1/spans", headers={"If-None-Match": known}
            )
            assert answer.json()["ramp"] == ramp
            known = answer.headers["etag"]
            shutil.rmtree(run.folder)
            assert client.get(f"{API}/checkpoints/again@1/spans").status_code == 404


def test_an_answer_that_is_kept_is_not_made_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get(f"{TINY_10}/statistics").content
    monkeypatch.setattr(checkpoints, "table_of", None)
    assert client.get(f"{TINY_10}/statistics").content == first


def test_head_answers_as_get_does_without_a_body(client: TestClient) -> None:
    paths = ("", "/spans?format=csv", "/heads/0/1?format=figure")
    places = [f"{TINY_10}{path}" for path in paths]
    for path in (*places, f"{API}/runs/tiny/log", f"{API}/runs/none", "/healthz", "/"):
        got, head = (client.request(method, path, headers=BROTLI) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (got.status_code, b"")
        alike = [{**answer.headers, "x-request-id": ""} for answer in (got, head)]
        assert alike[0] == alike[1]
    assert client.head(f"{TINY_10}/analyses").status_code == 405


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("checkpoints/tiny@10/spans", "HEAD, GET"),
        ("checkpoints/compare", "HEAD, GET, POST"),
        ("runs/tiny", "HEAD, GET, PATCH, DELETE"),
        ("runs/tiny/stop", "POST"),
    ],
)
def test_a_method_that_is_not_taken_is_told_those_that_are(
    client: TestClient, path: str, allowed: str
) -> None:
    answer = client.put(f"{API}/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["detail"] == f"this takes {allowed}"


def test_answers_are_compressed_where_it_pays(client: TestClient) -> None:
    body = {"text": "to be or not to be " * 50}
    plain, coded = (
        client.post(f"{TINY_10}/attention?format=json", json=body, headers=headers)
        for headers in ({"Accept-Encoding": "identity"}, BROTLI)
    )
    assert plain.json()["bands"] == coded.json()["bands"] and "etag" not in coded.headers
    assert coded.headers["content-encoding"] == "br" and "content-encoding" not in plain.headers
    with client.stream("GET", f"{TINY_10}/spans?format=figure", headers=BROTLI) as answer:
        raw = b"".join(answer.iter_raw())
    assert len(raw) == int(answer.headers["content-length"])
    assert brotli.decompress(raw) == client.get(f"{TINY_10}/spans?format=figure").content
    for small in (
        client.get("/healthz", headers=BROTLI),
        client.post(f"{TINY_10}/attention?format=octets", json=body, headers=BROTLI),
        client.post(f"{TINY_10}/continuations", json={"text": "to", "tokens": 20}, headers=BROTLI),
    ):
        assert "content-encoding" not in small.headers


def test_a_client_that_takes_no_coding_is_told_which_there_are(client: TestClient) -> None:
    answer = client.get(f"{TINY_10}/spans", headers={"Accept-Encoding": "identity;q=0"})
    assert answer.status_code == 406 and "br, gzip" in answer.json()["detail"]


def test_what_is_kept_is_bounded_in_bytes() -> None:
    kept = Kept(10)
    for key in "abcdef":
        kept.keep(key, Answer(b"two"[:2]))
        kept.get("a")
    kept.keep("large", Answer(b"three"))
    assert {key for key in "abcdef" if kept.get(key)} == set("acdef")
    assert kept.bytes == 10 and kept.get("large") is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c", "d"):
        save(Run.create(tmp_path, name, TINY), 10, 3.0)
    return tmp_path


@pytest.fixture
def small(folder: Path) -> Iterator[TestClient]:
    """A service with four runs, where few may wait and few tokens look back at once."""
    settings = Settings(runs=folder, shelf=folder / "none", max_runs=1, max_rows=4)
    with TestClient(create_app(settings)) as client:
        yield client


def names(answer: Response) -> list[str]:
    return [str(item.get("name", item.get("id"))) for item in answer.json()["items"]]


@pytest.mark.parametrize(("path", "suffix"), [("runs", ""), ("checkpoints", "@10")])
def test_pages_go_on_after_the_last_item_whatever_comes_and_goes(
    small: TestClient, folder: Path, path: str, suffix: str
) -> None:
    first = small.get(f"{API}/{path}?limit=2")
    assert names(first) == [f"a{suffix}", f"b{suffix}"]
    shutil.rmtree(folder / "b")
    save(Run.create(folder, "aa", TINY), 10, 3.0)
    following = f"{API}/{path}?limit=2&cursor={first.json()['next']}"
    assert names(small.get(following)) == [f"c{suffix}", f"d{suffix}"]
    assert small.get(following).json()["next"] is None
    table = small.get(f"{API}/{path}?limit=2&format=csv")
    assert len(table.text.splitlines()) == 3
    rest = small.get(f"{API}/{path}{table.links['next']['url']}")
    assert rest.headers["content-type"].startswith("text/csv") and "next" not in rest.links


@pytest.mark.parametrize("cursor", ["", "x", "WyJhIl0", "bnVsbA==", "WzFd", "é", "W" * 201])
def test_a_broken_cursor_is_refused(small: TestClient, cursor: str) -> None:
    for path in ("checkpoints", "runs"):
        answer = small.get(f"{API}/{path}", params={"cursor": cursor})
        assert answer.status_code == 422 and "cursor" in answer.json()["detail"]


def test_the_log_comes_in_pages(small: TestClient, folder: Path) -> None:
    for step in range(5):
        Run(folder / "a").tell("checkpoint", step)
    steps, query = list[int](), "?limit=2"
    while query:
        page = small.get(f"{API}/runs/a/log{query}").json()
        steps += [line["step"] for line in page["items"]]
        query = page["next"] and f"?limit=2&cursor={page['next']}"
    assert steps == [0, 1, 2, 3, 4]


def test_lists_are_tables_too(client: TestClient) -> None:
    for path, column in (
        ("checkpoints", "bpc_part"),
        ("runs", "state"),
        ("presets", "config.model.layers"),
        ("runs/tiny/spans", "z L1H1"),
    ):
        lines = client.get(f"{API}/{path}?format=csv").text.splitlines()
        assert column in lines[0].split(",") and len(lines) > 1


def test_limits_are_told_and_kept(small: TestClient) -> None:
    limits: dict[str, Any] = small.get(f"{API}/limits").json()
    assert limits == {
        "characters": 20_000,
        "body_bytes": 1_048_576,
        "rows": 4,
        "weights": 8_388_608,
        "continuation": 1_000,
        "queue": 16,
        "runs": 1,
        "seconds": 60.0,
    }
    address = f"{API}/checkpoints/a@10/attention"
    assert small.post(address, json={"text": "four"}).status_code == 200
    refused = small.post(address, json={"text": "fives"})
    assert refused.status_code == 413 and "at most 4" in refused.json()["detail"]


def test_no_more_runs_wait_than_may(small: TestClient) -> None:
    body = {"name": "first", "preset": "quick"}
    assert small.post(f"{API}/runs", json=body).status_code == 201
    for refused in (
        small.post(f"{API}/runs", json={**body, "name": "second"}),
        small.post(f"{API}/runs/a/resume"),
    ):
        assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert small.head(f"{API}/runs/first/events").status_code == 200  # it waits, and HEAD does not
    assert small.post(f"{API}/runs/first/stop").status_code == 202
    assert small.post(f"{API}/runs/a/resume").status_code == 202
