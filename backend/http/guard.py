"""Who is let in: by a name of this service, from its own page or no page at all, with its token."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.http.credentials import credential_of
from backend.page import ASSETS, STATIC, VIEWS
from backend.problems import problem
from backend.settings import Settings

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d*)?")
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
SAFE = {"GET", "HEAD", "OPTIONS"}
RUNS, TRIMS = "/api/v1/runs/", "/trims"
OPEN = {*VIEWS, "/healthz", "/readyz", "/api/v1/session"}
"""What the page needs to ask for the token, and what tells that the service is well."""


class Guard:
    """Answers 400 to a foreign Host, 403 to other sites and where runs are only read, 401 to those without the token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.read_only = app, settings.read_only
        self.token = settings.token and settings.token.get_secret_value()
        own = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.names = LOOPBACK | {name.lower() for name in (own, *settings.hosts)}
        self.every_address = _is_address(own, unspecified=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(HTTPConnection(scope)) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        path, changes = request.scope["path"], request.scope["method"] not in SAFE
        if not self._is_own_name(request.headers.get("host")):
            detail = "this service has no such name; SPANSCOPE_HOSTS lists those it has beside its own address"
            return problem(400, detail)
        sender = _sender(request.headers) if changes else "page"
        if sender == "elsewhere":
            return problem(403, "a page of another site may change nothing here")
        if self.token and not _is_open(path):
            credential = credential_of(request, self.token)
            if credential is None:
                detail = "send the service's token as Authorization: Bearer TOKEN, or begin a session with it: POST /api/v1/session"
                return problem(401, detail, {"WWW-Authenticate": "Bearer"})
            if credential == "session" and sender == "unknown":
                detail = "a session is for the page; others send Authorization: Bearer TOKEN"
                return problem(403, detail)
        makes_runs = f"{path}/".startswith(RUNS) or path.endswith(TRIMS)
        if self.read_only and changes and makes_runs:
            return problem(403, "this service is read-only: its runs are changed elsewhere")
        return None

    def _is_own_name(self, host: str | None) -> bool:
        """Not that of a page which has its own name point here, to read the service as itself; browsers always send one."""
        if host is None:
            return True
        found = HOST.fullmatch(host.lower())
        name = found[1] if found else ""
        return name in self.names or (self.every_address and _is_address(name))


def _is_address(name: str, *, unspecified: bool = False) -> bool:
    try:
        address = ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return address.is_unspecified or not unspecified


def _sender(headers: Headers) -> Literal["page", "elsewhere", "unknown"]:
    """Where a browser says that a request comes from, which no page can change; other clients do not say."""
    if site := headers.get("sec-fetch-site"):
        return "page" if site in ("same-origin", "none") else "elsewhere"
    if origin := headers.get("origin"):
        return "page" if origin.partition("://")[2] == headers.get("host") else "elsewhere"
    return "unknown"


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith((f"{STATIC}/", f"{ASSETS}/"))
