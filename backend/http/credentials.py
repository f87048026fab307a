"""Who may use a service that has a token: whoever shows it, or holds a session that was begun with it."""

from __future__ import annotations

import hmac
import time
from typing import Literal

from starlette.requests import HTTPConnection

COOKIE = "spanscope"
SESSION_SECONDS = 30 * 86_400


def is_token(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def new_session(token: str) -> str:
    """What the cookie holds: when it ends, and a code of that which only the token gives.

    No copy of the service keeps anything of it; another token ends all sessions.
    """
    end = str(int(time.time()) + SESSION_SECONDS)
    return f"{end}.{_code(end, token)}"


def is_session(cookie: str, token: str) -> bool:
    end, _, code = cookie.partition(".")
    return is_token(code, _code(end, token)) and int(end) > time.time()


def _code(end: str, token: str) -> str:
    return hmac.digest(token.encode(), f"spanscope session until {end}".encode(), "sha256").hex()


def credential_of(request: HTTPConnection, token: str) -> Literal["token", "session"] | None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # a header's octets are read as Latin-1, a token's as UTF-8
    if scheme.lower() == "bearer" and hmac.compare_digest(given.encode("latin-1"), token.encode()):
        return "token"
    return "session" if is_session(request.cookies.get(COOKIE, ""), token) else None
