"""Errors as application/problem+json (RFC 9457): what is wrong, and what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from analysis.survey import SurveyError
from backend.work.engine import Busy
from backend.work.patience import Late
from model.alphabets import UnknownAlphabet
from model.checkpoint import CheckpointError
from model.runs import RunError


class Problem(BaseModel):
    type: str = "about:blank"
    title: str
    status: int
    detail: str


PROBLEM: dict[str, Any] = {
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "What is wrong with the request", **PROBLEM}
}
MEANINGS = {
    404: "There is no such thing",
    406: "None of its forms is taken",
    409: "As things stand this cannot be done",
    413: "More than GET /limits allows",
    422: "A value that cannot be, by its place",
    429: "Too much waits already; Retry-After says when to come again",
    503: "This cannot be had now",
}


def may_answer(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the document: which refusals an operation has, besides those that any request may get."""
    return {str(status): {"description": MEANINGS[status], **PROBLEM} for status in statuses}


MOST_FAULTS = 10
"""That are told of one request: a body can have as many as it has fields."""
CLIENT_GONE = 499
"""As nginx logs it; nobody gets it."""


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(
        body.model_dump(), status, headers=headers, media_type="application/problem+json"
    )


def _methods(request: Request) -> list[str]:
    """All that a path takes; the router tells those of one route alone."""
    taken = [
        method
        for method in ("GET", "POST", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]
    return ["HEAD", *taken] if "GET" in taken else taken


def install(app: FastAPI) -> None:
    """Answer every error that is expected as a problem; backend.http.observation does so with the others."""

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=error.headers)
        if error.status_code == 405:
            allowed = ", ".join(_methods(request))
            return problem(405, f"this takes {allowed}", {"Allow": allowed})
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # what was sent is not repeated: it may be long, private, or no Unicode at all
        found = error.errors()
        faults = [
            f"{'.'.join(str(part)[:100] for part in fault['loc'])}: {fault['msg']}"
            for fault in found[:MOST_FAULTS]
        ]
        if len(found) > MOST_FAULTS:
            faults.append(f"and {len(found) - MOST_FAULTS:,} more")
        detail = "; ".join(faults).encode("utf-8", "backslashreplace").decode()
        return problem(422, detail)

    @app.exception_handler(CheckpointError)
    @app.exception_handler(RunError)
    @app.exception_handler(SurveyError)
    @app.exception_handler(UnknownAlphabet)
    async def unreadable(_: Request, error: Exception) -> JSONResponse:
        return problem(409, str(error))

    @app.exception_handler(Busy)
    async def busy(request: Request, error: Busy) -> JSONResponse:
        request.app.state.engine.counts["refused"] += 1
        detail = f"The model is busy with other texts; try again in {error.seconds} s."
        return problem(429, detail, {"Retry-After": str(error.seconds)})

    @app.exception_handler(Late)
    async def late(_: Request, error: Late) -> JSONResponse:
        detail = f"{str(error).capitalize()}: send a shorter text, or this one again in {error.seconds} s."
        return problem(503, detail, {"Retry-After": str(error.seconds)})

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_GONE)
