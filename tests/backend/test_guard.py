"""Who is let in, by which name, from where, and for what."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import logs, server
from backend.app import create_app
from backend.http import credentials
from backend.page import VIEWS
from backend.settings import Settings
from tests.backend.test_imported import spanscope

TOKEN = "a token of sixteen letters or more"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SESSION = "/api/v1/session"
HERE = "http://127.0.0.1:8000"
Served = Callable[..., TestClient]


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """A service with some settings, called by some address."""

    def serve(address: str = HERE, **settings: object) -> TestClient:
        app = create_app(Settings.model_validate({"runs": tmp_path, **settings}))
        return TestClient(app, base_url=address, follow_redirects=False)

    return serve


@pytest.mark.parametrize(
    ("host", "name", "known"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("127.0.0.1", "LOCALHOST", True),
        ("127.0.0.1", "[::1]:9000", True),
        ("127.0.0.1", "spans.example.org:443", True),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "0.0.0.0:8000", False),
        ("127.0.0.1", "192.0.2.7", False),
        ("127.0.0.1", "localhost@evil.example", False),
        ("127.0.0.1", "", False),
        ("192.0.2.7", "192.0.2.7:8000", True),
        ("192.0.2.7", "192.0.2.8:8000", False),
        ("2001:db8::7", "[2001:db8::7]:8000", True),
        ("0.0.0.0", "192.0.2.8:8000", True),
        ("::", "[2001:db8::7]", True),
        ("0.0.0.0", "127.0.0.1", True),
        ("0.0.0.0", "evil.example", False),
        ("0.0.0.0", "spans.example.org", True),
    ],
)
def test_the_service_is_reached_by_its_own_names_alone(
    served: Served, host: str, name: str, known: bool
) -> None:
    client = served(host=host, hosts=["Spans.example.org"])
    for path in ("/healthz", "/spans", "/api/v1/limits"):
        answer = client.get(path, headers={"Host": name})
        assert answer.status_code == (200 if known else 400)
        if not known:
            assert answer.headers["content-type"] == "application/problem+json"
            assert "SPANSCOPE_HOSTS" in answer.text and "evil" not in answer.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 201),
        ({"Origin": HERE}, 201),
        ({"Sec-Fetch-Site": "same-origin", "Origin": HERE}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8001"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": HERE}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    served: Served, sent: dict[str, str], status: int
) -> None:
    client = served()
    body = {"name": "mine", "preset": "quick"}
    assert client.post("/api/v1/runs", json=body, headers=sent).status_code == status
    names = [run["name"] for run in client.get("/api/v1/runs", headers=sent).json()["items"]]
    assert ("mine" in names) == (status == 201)


def test_with_a_token_all_but_the_page_and_its_health_is_closed(served: Served) -> None:
    client = served(token=TOKEN)
    assets = client.get("/").text.split('src="')[1:]
    is_open = [*VIEWS, "/healthz", SESSION, *(link.split('"')[0] for link in assets)]
    assert {client.get(path).status_code for path in is_open} == {200}
    assert client.get("/readyz").status_code == 503  # for want of a checkpoint
    for path in ("/api/v1/limits", "/api/v1/nothing", "/docs", "/openapi.json", "/metrics"):
        refused = client.get(path)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert client.get(path, headers=BEARER).status_code != 401
    for wrong in (TOKEN[:-1], f"{TOKEN}!", "", "é"):
        header = f"Bearer {wrong}".encode("latin-1")
        assert client.get("/api/v1/limits", headers={"Authorization": header}).status_code == 401


def test_the_token_begins_a_session_that_ends(served: Served) -> None:
    client, page = served(token=TOKEN), {"Origin": HERE}
    assert client.get(SESSION).json() == {"needed": True, "open": False, "read_only": False}
    wrong = client.post(SESSION, json={"token": "another"}, headers=page)
    assert wrong.status_code == 401 and "set-cookie" not in wrong.headers
    begun = client.post(SESSION, json={"token": TOKEN}, headers=page)
    assert begun.status_code == 204
    attributes = begun.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "path=/", "samesite=strict", "max-age=2592000"} < set(attributes)
    assert "secure" not in attributes and TOKEN not in begun.headers["set-cookie"]
    assert client.get(SESSION).json()["open"] is True
    assert client.get("/api/v1/limits").status_code == 200
    # a client that is no browser has no use for a session: it would only hide where it comes from
    body = {"name": "mine", "preset": "quick"}
    assert client.post("/api/v1/runs", json=body).status_code == 403
    assert client.post("/api/v1/runs", json=body, headers=page).status_code == 201
    assert client.delete(SESSION, headers=page).status_code == 204
    assert client.get("/api/v1/limits").status_code == 401


def test_over_https_the_cookie_is_for_https_alone(served: Served) -> None:
    client = served("https://127.0.0.1", token=TOKEN)
    begun = client.post(SESSION, json={"token": TOKEN})
    assert "secure" in begun.headers["set-cookie"].lower().split("; ")


def test_sessions_that_nobody_began_open_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, good = served(token=TOKEN), credentials.new_session(TOKEN)
    end, code = good.split(".")
    forged = [
        f"{int(end) + 1}.{code}",
        f"{end}.{'0' * 64}",
        f"{end}.",
        "",
        "é",
        credentials.new_session(f"{TOKEN}!"),
    ]
    with monkeypatch.context() as earlier:
        past = time.time() - credentials.SESSION_SECONDS - 1
        earlier.setattr(time, "time", lambda: past)
        forged.append(credentials.new_session(TOKEN))

    def status(cookie: str) -> int:
        sent = f"{credentials.COOKIE}={cookie}".encode("latin-1")
        return client.get("/api/v1/limits", headers={"Cookie": sent}).status_code

    assert status(good) == 200
    assert {status(cookie) for cookie in forged} == {401}


def test_without_a_token_nobody_is_asked_for_one(served: Served) -> None:
    client = served()
    assert client.get(SESSION).json() == {"needed": False, "open": True, "read_only": False}
    answer = client.post(SESSION, json={"token": "any"})
    assert answer.status_code == 204 and "set-cookie" not in answer.headers


def test_read_only_looks_and_estimates_and_changes_nothing(served: Served, tmp_path: Path) -> None:
    body = {"name": "mine", "preset": "quick"}
    assert served().post("/api/v1/runs", json=body).status_code == 201
    before = sorted(path.name for path in (tmp_path / "mine").iterdir())
    client, run = served(read_only=True), "/api/v1/runs/mine"
    assert client.get(SESSION).json()["read_only"] is True
    for method, path, sent in (
        ("POST", "/api/v1/runs", {**body, "name": "other"}),
        ("POST", "/api/v1/runs/", {**body, "name": "other"}),
        ("POST", "/api/v1/%72uns", {**body, "name": "other"}),
        ("PATCH", run, {"title": "x"}),
        ("POST", f"{run}/stop", None),
        ("POST", f"{run}/resume", None),
        ("DELETE", f"{run}?name=mine", None),
    ):
        answer = client.request(method, path, json=sent)
        assert answer.status_code == 403 and "read-only" in answer.json()["detail"]
    assert client.get(run).json()["state"] == "queued"
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == before
    assert not (tmp_path / "other").exists()
    assert client.post("/api/v1/estimates", json={"preset": "nothing"}).status_code == 422


@pytest.mark.parametrize(
    ("arguments", "token", "starts"),
    [
        ((), None, True),
        (("--host", "localhost"), None, True),
        (("--host", "0.0.0.0"), None, False),
        (("--host", "spans.example.org"), None, False),
        (("--host", "0.0.0.0"), TOKEN, True),
        (("--host", "0.0.0.0", "--without-token"), None, True),
    ],
)
def test_beyond_this_machine_it_starts_with_a_token_or_when_told_to(
    arguments: tuple[str, ...],
    token: str | None,
    starts: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    begun: list[Settings] = []
    monkeypatch.setattr(server, "run", begun.append)
    monkeypatch.setattr(logs, "set_up", lambda _: None)
    if token:
        monkeypatch.setenv("SPANSCOPE_TOKEN", token)
    assert spanscope(monkeypatch, "serve", *arguments) == (0 if starts else 1)
    assert len(begun) == starts
    if not starts:
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1
        assert "SPANSCOPE_TOKEN" in error and "--without-token" in error
