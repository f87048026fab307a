"""Requests from clients that may go away before they are answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def in_own_loop(scenario: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run it to its end, also where another loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(scenario())).result()


class Visit:
    """A request to an app, sent in this process."""

    def __init__(
        self, app: Any, path: str, body: Any, leave_after: int | None = None, method: str = "POST"
    ) -> None:
        """`leave_after` so many messages of the answer."""
        self.app, self.leave_after = app, leave_after
        self.gone = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self._body: bytes | None = json.dumps(body).encode()
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        }

    @property
    def content(self) -> bytes:
        return b"".join(self.parts)

    async def answer(self) -> Visit:
        """Itself, answered."""
        await self.app(self._scope, self._receive, self._send)
        return self

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.parts.append(message.get("body", b""))
        if len(self.parts) == self.leave_after:
            await asyncio.sleep(0.05)  # as a slow client: what makes the answer runs ahead
            self.gone.set()
