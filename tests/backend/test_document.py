"""The API's document: whole, and with examples that are real and fit its own schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from backend.app import create_app
from backend.document import EXAMPLES
from backend.settings import Settings
from tests.examples import TEXTS, asked, prepared

SAME_EVERYWHERE = (
    "get_checkpoint",
    "get_spans",
    "get_statistics",
    "get_heads",
    "get_head",
    "get_needs",
    "compare",
    "get_published",
    "list_presets",
    "get_limits",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(runs=prepared(tmp_path_factory.mktemp("runs")))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for methods in document["paths"].values():
        for operation in methods.values():
            yield operation["operationId"], operation


def contents(operation: Any) -> Iterator[tuple[str, Any]]:
    """What is sent, and what a success answers, by media type."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from answer.get("content", {}).items()


def test_every_request_and_answer_has_an_example_that_fits_its_schema(document: Any) -> None:
    components = {"components": document["components"]}
    for name, operation in operations(document):
        for media_type, content in contents(operation):
            if media_type in TEXTS:
                assert "example" in content, f"{name}: python -m tests.examples"
                schema = {**content.get("schema", {}), **components}
                jsonschema_rs.validate(schema, content["example"])


def test_every_operation_says_what_it_takes_and_how_it_refuses(document: Any) -> None:
    names = [name for name, _ in operations(document)]
    assert len(names) == len(set(names))
    for name, operation in operations(document):
        assert operation["description"], name
        assert all(p["description"] for p in operation.get("parameters", [])), name
        if operation.get("parameters"):
            assert {"422", "4XX"} <= operation["responses"].keys(), name


def outline(value: Any) -> Any:
    """The keys of an answer, all the way down."""
    if isinstance(value, dict):
        return {key: outline(own) for key, own in value.items()}
    return [outline(own) for own in value[:1]] if isinstance(value, list) else ...


def test_the_examples_are_what_the_shipped_model_answers(client: TestClient) -> None:
    examples, answers = json.loads(EXAMPLES.read_text(encoding="utf-8")), asked(client)
    for name, answer in answers.items():
        assert outline(examples[name]) == outline(answer), f"{name}: python -m tests.examples"
    for name in SAME_EVERYWHERE:
        assert examples[name] == answers[name], f"{name}: python -m tests.examples"
