"""The API's own document, /openapi.json: what FastAPI knows of it, what it may answer besides, and real examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from backend.http.guard import OPEN
from backend.problems import Problem, may_answer
from backend.representations import FIGURE
from backend.schemas.continuations import WrittenText, WrittenToken

EXAMPLES = Path(__file__).with_name("examples.json")
"""By operation: parameters, request and answers of the shipped model; `python -m tests.examples` asks for them anew."""
MODELS: tuple[type[BaseModel], ...] = (Problem, WrittenToken, WrittenText)
"""Schemas that routes name, and FastAPI does not see."""
ETAG = {"description": "names this content in this coding", "schema": {"type": "string"}}
EVENTS = "text/event-stream"
UNCHANGED = {"description": "It is what If-None-Match names"}
MOVED = {"description": "An alias: Location is what it stands for now"}


def operation_id(route: APIRoute) -> str:
    """What clients made from the document call an operation: as its function is called."""
    return route.name


def install(app: FastAPI) -> None:
    describe = app.openapi

    @cache
    def document() -> dict[str, Any]:
        made = describe()
        _complete(made)
        if app.state.settings.token:
            _require_token(made)
        return made

    def get_document() -> Response:
        """Not on the event loop, as FastAPI's own: making it takes a third of a second."""
        return Response(json.dumps(document()), media_type="application/json")

    # FastAPI documents this way of extending its document
    app.openapi = document  # type: ignore[method-assign]
    route = APIRoute(str(app.openapi_url), get_document, include_in_schema=False)
    app.router.routes.insert(0, route)


def _complete(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas |= {model.__name__: model.model_json_schema() for model in MODELS}
    schemas["Figure"] = FIGURE
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            if method == "get" and EVENTS not in answers["200"]["content"]:
                answers["200"].setdefault("headers", {})["ETag"] = ETAG
                answers["304"] = UNCHANGED
            if "{id}" in path:
                answers["307"] = MOVED
            answers |= may_answer(*_refusals(path, operation))
            operation["responses"] = dict(sorted(answers.items()))
            _illustrate(operation, examples.get(operation["operationId"], {}))


def _require_token(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for path in OPEN & document["paths"].keys():
        for operation in document["paths"][path].values():
            operation["security"] = []


def _refusals(path: str, operation: dict[str, Any]) -> Iterator[int]:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}
    body = "requestBody" in operation
    if "{" in path:
        yield from (404, 409)
    if "format" in names:
        yield 406
    if body:
        yield 413
    if names or body:
        yield 422


def _illustrate(operation: dict[str, Any], example: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in example.get("parameters", {}):
            parameter["example"] = example["parameters"][parameter["name"]]
    if "request" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            if status.startswith("2") and media_type in example.get("answers", {}):
                content["example"] = example["answers"][media_type]
