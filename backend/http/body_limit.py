"""Bodies that are too long are refused before they are here."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.problems import problem


class BodyLimit:
    """Answers 413 to a body that says it is longer than `most` bytes, and, where it does not say, once it is.

    Starlette's own limit answers in plain text, names no number, and looks only when a route reads the body.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        detail = (
            f"the body is too long: at most {self.most:,} bytes are read (SPANSCOPE_MAX_BODY_BYTES)"
        )
        leave = {"Connection": "close"}  # or the server would read the rest, to no end
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said[:20]) > self.most:
            await problem(413, detail, leave)(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.most:
                raise HTTPException(413, detail, leave)
            return message

        await self.app(scope, limited, send)
