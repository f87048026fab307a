"""What a stranger may try, and what comes of it: nothing."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.settings import MIB, Settings
from model.checkpoint import CheckpointError, load
from model.runs import Run
from tests.backend.conftest import TINY, save

API = "/api/v1"
TOKEN = "a token of sixteen letters or more"
ANALYSES = f"{API}/checkpoints/tiny@10/analyses"
GIB = 1 << 30


async def ask(
    app: FastAPI,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: Iterable[bytes] = (),
) -> tuple[int, str]:
    """Status and body of an answer to a request that no well-behaved client would send."""
    sent = {"host": "testserver", "content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
    messages: list[Any] = []
    requests = chain(
        ({"type": "http.request", "body": chunk, "more_body": True} for chunk in body),
        [{"type": "http.request", "body": b"", "more_body": False}],
    )

    async def receive() -> dict[str, object]:
        for request in requests:
            return request
        return await asyncio.Future()  # it waits for its answer

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    return messages[0]["status"], b"".join(m.get("body", b"") for m in messages[1:]).decode()


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """A service with one run; a run that is none of its own lies beside its folder, and one is hidden in it."""
    runs = tmp_path / "runs"
    save(Run.create(runs, "tiny", TINY), 10, 3.0)
    shutil.copytree(runs / "tiny", tmp_path / "secret")
    shutil.copytree(runs / "tiny", runs / ".secret")
    return create_app(Settings(runs=runs, shelf=tmp_path / "shelf"))


NAMES = (
    "../secret",
    "..\\secret",
    "tiny/../../secret",
    "./tiny",
    "{folder}/secret",
    "/{folder}/secret",
    ".secret",
    "%2e%2e%2fsecret",
    "..%252fsecret",
    "..",
    "~",
    "tiny\0",
    "tiny\n",
    " tiny",
    "TINY",
    "ｔｉｎｙ",
    "tiny" * 1000,
)
STEPS = ("", "@10", "@latest", "@../10", "@١٠", "@010", "@+10", "@10\n", f"@{'9' * 5000}")


def test_a_name_in_an_address_is_no_path(app: FastAPI, tmp_path: Path) -> None:
    tricks = [name.replace("{folder}", str(tmp_path)) for name in NAMES]
    ids = [name + step for name in tricks for step in STEPS[:3]]
    ids += [f"tiny{step}" for step in STEPS[3:]]
    asked = [
        (method.upper(), template.format(id=id, run=id, name=id, layer=0, head=0))
        for template, methods in app.openapi()["paths"].items()
        if "{id}" in template or "{run}" in template
        for method in methods
        for id in ids
    ]
    before = files(tmp_path)

    async def statuses() -> set[int]:
        return {(await ask(app, path, method, body=[b"{}"]))[0] for method, path in asked}

    assert len(asked) > 500
    assert asyncio.run(statuses()) <= {404, 405, 422}
    assert files(tmp_path) == before


def test_nor_is_one_in_a_query_or_a_body(app: FastAPI, tmp_path: Path) -> None:
    client, before = TestClient(app), files(tmp_path)
    for name in (name.replace("{folder}", str(tmp_path)) for name in NAMES):
        ids = ["tiny@10", f"{name}@10"]
        asked = client.get(f"{API}/checkpoints/compare", params={"ids": ",".join(ids)})
        read = client.post(f"{API}/checkpoints/compare", json={"ids": ids, "text": "a"})
        begun = client.post(f"{API}/runs", json={"name": name, "preset": "quick"})
        assert (asked.status_code, read.status_code, begun.status_code) == (404, 404, 422)
    assert files(tmp_path) == before


def files(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def test_no_other_file_comes_from_where_the_page_s_files_are(app: FastAPI) -> None:
    page = asyncio.run(ask(app, "/"))[1]
    static = page.split("/early-theme.js")[0].rpartition('"')[2]
    assert asyncio.run(ask(app, f"{static}/app.js"))[0] == 200
    for trick in (
        "../backend/settings.py",
        "views/../../backend/settings.py",
        "/etc/passwd",
        "//etc/passwd",
        "..\\backend\\settings.py",
        "%2e%2e/backend/settings.py",
        "app.js\0",
        "x" * 5000,
        "",
        "views",
    ):
        assert asyncio.run(ask(app, f"{static}/{trick}"))[0] == 404


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder),)


def test_a_pickle_in_the_place_of_weights_is_refused_and_not_run(
    app: FastAPI, tmp_path: Path
) -> None:
    folder, sprung = Run(tmp_path / "runs/tiny").checkpoint(10), tmp_path / "sprung"
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps({**summary, "files": {}}))
    weights = folder / "model.safetensors"
    weights.write_bytes(pickle.dumps(Trap(sprung)))
    client = TestClient(app)
    assert client.get(f"{API}/checkpoints").json()["items"] == []
    for answer in (
        client.get(f"{API}/checkpoints/tiny@10/spans"),
        client.post(ANALYSES, json={"text": "to be"}),
        client.get(f"{API}/checkpoints/tiny@latest"),
    ):
        assert answer.status_code == 404
    with pytest.raises(
        CheckpointError, match=r"^tiny@10: model\.safetensors cannot be read"
    ) as told:
        load(folder)
    assert str(tmp_path) not in str(told.value)
    assert not sprung.exists()
    pickle.loads(weights.read_bytes())
    assert sprung.exists(), "it was no trap"


@pytest.mark.parametrize("name", ["config.json", "summary.json", "model.safetensors"])
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_what_stands_for_a_file_of_a_checkpoint_is_not_followed(
    app: FastAPI, tmp_path: Path, name: str, kind: str
) -> None:
    file = Run(tmp_path / "runs/tiny").checkpoint(10) / name
    file.unlink()
    if kind == "link":
        file.symlink_to(Run(tmp_path / "secret").checkpoint(10) / name)
    else:
        os.mkfifo(file)  # to read it would take for ever
    client = TestClient(app)
    assert client.get(f"{API}/checkpoints").json()["items"] == []
    assert client.get(f"{API}/checkpoints/tiny@10").status_code == 404


def test_a_summary_names_no_files_elsewhere(tmp_path: Path, app: FastAPI) -> None:
    folder = Run(tmp_path / "runs/tiny").checkpoint(10)
    summary = json.loads((folder / "summary.json").read_text())
    for name in ("../../run.json", "/etc/passwd"):
        (folder / "summary.json").write_text(json.dumps({**summary, "files": {name: ""}}))
        with pytest.raises(CheckpointError, match="not its own"):
            load(folder)


@pytest.mark.parametrize(
    "enctype",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"],
)
@pytest.mark.parametrize(
    "origin", [{"Origin": "https://evil.example"}, {}], ids=["named", "unnamed"]
)
def test_a_form_of_another_site_starts_nothing(
    app: FastAPI, enctype: str, origin: dict[str, str]
) -> None:
    client = TestClient(app)
    # `<input name='{"name": "mine", "preset": "quick", "note": "' value='"}'>` comes out so, as text/plain
    body = '{"name": "mine", "preset": "quick", "note": "="}'
    answer = client.post(f"{API}/runs", content=body, headers={"Content-Type": enctype, **origin})
    assert answer.status_code == (403 if origin else 422)
    assert [run["name"] for run in client.get(f"{API}/runs").json()["items"]] == ["tiny"]


def test_ten_thousand_wrong_tokens_open_nothing_and_lock_nobody_out(tmp_path: Path) -> None:
    app = create_app(Settings.model_validate({"runs": tmp_path, "token": TOKEN}))

    async def tries() -> set[tuple[int, str]]:
        path = f"{API}/limits"
        return {
            await ask(app, path, headers={"authorization": f"Bearer {TOKEN[:-5]}{number:05}"})
            for number in range(10_000)
        }

    ((status, body),) = asyncio.run(tries())
    assert status == 401 and TOKEN[:-5] not in body
    right = {"authorization": f"Bearer {TOKEN}"}
    assert asyncio.run(ask(app, f"{API}/limits", headers=right))[0] == 200


@pytest.mark.parametrize("said", [{"content-length": str(GIB)}, {}], ids=["said", "by chunks"])
def test_a_gigabyte_is_refused_as_soon_as_it_is_too_long(
    app: FastAPI, said: dict[str, str]
) -> None:
    chunk, read = b"[" * 65_536, 0

    def body() -> Iterator[bytes]:
        nonlocal read
        for _ in range(GIB // len(chunk)):
            read += len(chunk)
            yield chunk

    status, answer = asyncio.run(ask(app, ANALYSES, "POST", said, body()))
    problem = json.loads(answer)
    assert status == problem["status"] == 413 and f"{MIB:,} bytes" in problem["detail"]
    assert read == (0 if said else MIB + len(chunk))
