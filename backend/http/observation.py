"""What is told of each request: an id, a line in the log, and metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass

from anyio import BrokenResourceError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.logs import request_id
from backend.metrics import Metrics
from backend.problems import problem

log = logging.getLogger("spanscope")
access = logging.getLogger("spanscope.access")

HEADER = "X-Request-ID"
PLAIN = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
API = "/api/v1"


@dataclass
class Answer:
    """What went out so far."""

    status: int | None = None
    bytes: int = 0


class Observation:
    """The outermost middleware. What fails unexpectedly within is answered as a problem that names the id."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        id, root, answer = _id(Headers(scope=scope)), scope.get("root_path", ""), Answer()
        request_id.set(id)

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id
            elif message["type"] == "http.response.body":
                answer.bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except Exception as error:
            if _nobody_listens(error):
                return
            log.exception("%s %s failed", scope["method"], _route(scope, root))
            if answer.status is None:
                detail = f"something failed here; the service's log says what, under {id}"
                await problem(500, detail)(scope, receive, observed)
        finally:
            self._tell(scope["method"], _route(scope, root), answer, time.perf_counter() - started)

    def _tell(self, method: str, route: str, answer: Answer, seconds: float) -> None:
        method = method if method in METHODS else "other"
        status = f"{answer.status // 100}xx" if answer.status else "none"
        self.metrics.answered(method, route, status, seconds)
        told = {
            "method": method,
            "route": route,
            "status": answer.status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": answer.bytes,
        }
        access.info(
            "%(method)s %(route)s %(status)s %(milliseconds)s ms %(bytes)s bytes", told, extra=told
        )


def _nobody_listens(error: Exception) -> bool:
    """Whether it tells no more than that the client went away, as event streams do in a group."""
    errors = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
    return all(isinstance(one, ClientDisconnect | BrokenResourceError) for one in errors)


def _id(headers: Headers) -> str:
    """The client's, where it can stand in a log; else a new one."""
    given = headers.get(HEADER, "")
    return given if PLAIN.fullmatch(given) else secrets.token_hex(8)


def _route(scope: Scope, root: str) -> str:
    """The path's template, as in the API's document: of these there are only so many. `root` is the scope's from before."""
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        mount = scope.get("root_path", "").removeprefix(root)
        return f"{mount}/{{path}}" if mount else "unmatched"
    # what a router was included under is no part of its routes' paths
    of_api = scope["path"].startswith(f"{API}/") and not template.startswith(API)
    return f"{API}{template}" if of_api else str(template)
