"""How a whole answer travels: compressed as its reader likes it, not at all where the reader has it, its head alone for HEAD."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from typing import TypeVar

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.http.negotiation import CODINGS, Coding, chosen_coding
from backend.problems import problem
from backend.work.kept import Answer, Kept

T = TypeVar("T")
COMPRESSIBLE = re.compile(r"text/|application/(.+\+)?json|application/javascript|image/svg")
WORTH_BYTES = 1024
LARGE_BYTES = 65_536
"""What takes a good part of a millisecond to compress, and so another thread than the event loop's."""
BROTLI_QUALITY, GZIP_LEVEL = 3, 1
"""More effort saves a few percent and takes several times as long; docs/api.md has the figures."""
ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


class Delivery:
    """Middleware. Streams, and what has a coding already, it lets through.

    An ETag names the content and its coding, so that every copy of the service gives the same.
    """

    def __init__(self, app: ASGIApp, kept: Kept) -> None:
        self.app = app
        self.kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        start: Message | None = None

        async def deliver(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message  # it waits until one sees whether the body is whole
                return
            if start is not None:
                head, start = start, None
                if not message.get("more_body", False):
                    head, message = await self._delivered(scope, head, message)
                await send(head)
            await send(message)

        await self.app(scope, receive, deliver)

    async def _delivered(
        self, scope: Scope, start: Message, message: Message
    ) -> tuple[Message, Message]:
        request, headers = Headers(scope=scope), MutableHeaders(raw=list(start["headers"]))
        status, body = start["status"], message.get("body", b"")
        if not body or status == 206 or "content-encoding" in headers:
            return start, message
        read = scope["method"] == "GET" and status == 200
        compressible = COMPRESSIBLE.match(headers.get("content-type", "")) is not None
        if compressible:
            headers.add_vary_header("Accept-Encoding")
        coding = chosen_coding(
            request.get("accept-encoding", "identity"),
            worth_it=compressible and len(body) >= WORTH_BYTES,
        )
        if coding is None:
            if read:
                return _refusal()
            coding = "identity"  # what was done is told, whatever the client takes
        digest = await _computed(body, _digest) if read else ""
        if read:
            tag = f'"{digest}"' if coding == "identity" else f'"{digest}-{coding}"'
            headers["ETag"] = tag
            headers.setdefault("Cache-Control", "no-cache")
            if _is_known(request, tag):
                del headers["Content-Length"], headers["Content-Type"]
                return _messages(304, headers, b"")
        if coding != "identity":
            body = await self._coded(body, coding, digest)
            headers["Content-Encoding"] = coding
            headers["Content-Length"] = str(len(body))
        return _messages(status, headers, body)

    async def _coded(self, body: bytes, coding: Coding, digest: str) -> bytes:
        """What has a digest may be read again, and is compressed once."""
        if digest and (known := self.kept.get((digest, coding))):
            return known.content
        coded = await _computed(body, compress_brotli if coding == "br" else compress_gzip)
        if digest:
            self.kept.keep((digest, coding), Answer(coded))
        return coded


def compress_brotli(body: bytes) -> bytes:
    coded: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
    return coded


def compress_gzip(body: bytes) -> bytes:
    return gzip.compress(body, GZIP_LEVEL, mtime=0)  # the same bytes at any time


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


async def _computed(body: bytes, work: Callable[[bytes], T]) -> T:
    return work(body) if len(body) < LARGE_BYTES else await run_in_threadpool(work, body)


def _is_known(request: Headers, tag: str) -> bool:
    known = ",".join(request.getlist("if-none-match"))
    return known.strip() == "*" or tag in ENTITY_TAG.findall(known)


def _refusal() -> tuple[Message, Message]:
    response = problem(406, f"this can be had as {', '.join(CODINGS)}; Accept-Encoding takes none")
    return _messages(response.status_code, response.headers, response.body)


def _messages(
    status: int, headers: MutableHeaders, body: bytes | memoryview
) -> tuple[Message, Message]:
    return (
        {"type": "http.response.start", "status": status, "headers": headers.raw},
        {"type": "http.response.body", "body": body},
    )


def _without_body(send: Send) -> Send:
    """A stream ends with its head, too: whoever writes it then hears that the reader has gone."""
    ended = False

    async def send_head(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            await send(message)
        elif not ended:
            ended = True
            await send({"type": "http.response.body", "body": b""})

    return send_head
