"""HTTP for clients that may be slow or never come to an end: nobody holds a connection for longer than the settings say.

A middleware is only called once a request's head is here, so these limits sit in the server's protocol.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, Literal

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from backend.problems import problem
from backend.settings import MIB, Settings

HEAD_BYTES = 65_536
"""That a request may have beside its body: head, frames of chunks, trailers. What came in the read that began it is not counted."""
LINGER_SECONDS = 0.5
"""For a request that is on its way on an idle connection when the service ends."""


class PatientProtocol(HttpToolsProtocol):
    """One connection. The app that `config` names carries the settings and the event `leaving`."""

    # uvicorn says int, and hands it to a timer that takes parts of a second
    timeout_keep_alive: float  # type: ignore[assignment]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # an app may also be named by a string, which ours never is
        state: Any = config.app.state  # type: ignore[union-attr]
        settings: Settings = state.settings
        self.leaving: asyncio.Event = state.leaving
        self.seconds = {"head": settings.header_seconds, "body": settings.body_seconds}
        self.timeout_keep_alive = settings.idle_seconds
        self.awaited: Literal["head", "body"] | None = None
        """What has begun to come."""
        self.beside_body = 0
        self.receiving: asyncio.TimerHandle | None = None
        self.draining: asyncio.TimerHandle | None = None

    @property
    def answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # asyncio names the base of all transports; a server is given none but these
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._bound_receiving()
        if self.leaving.is_set():
            self.shutdown()

    def data_received(self, data: bytes) -> None:
        self.beside_body += len(data)
        super().data_received(data)
        if not self.awaited and not self.answering:
            self.awaited = "head"  # as good as: empty lines, or the rest of a body that was refused
        if self.awaited and self.beside_body > HEAD_BYTES:
            self._refuse(431, f"headers, with the framing of a body, may have {HEAD_BYTES:,} bytes")
        elif self.awaited and not self.receiving:
            self._bound_receiving()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.awaited, self.beside_body = "head", 0

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._received("body")
        if self.leaving.is_set():
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self.beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._received(None)

    def _received(self, next: Literal["body"] | None) -> None:
        self.awaited = next
        if self.receiving:
            self.receiving.cancel()
            self.receiving = None

    def _bound_receiving(self) -> None:
        seconds = self.seconds[self.awaited or "head"]
        self.receiving = self.loop.call_later(seconds, self._not_received)

    def _not_received(self) -> None:
        if self.flow.read_paused:  # it is the client that waits
            self._bound_receiving()
        elif self.awaited:
            seconds = self.seconds[self.awaited]
            self._refuse(408, f"a request's {self.awaited} must come within {seconds:g} seconds")
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn."""
        self._refuse(400, "this is not HTTP/1.1")

    def _refuse(self, status: int, detail: str) -> None:
        """Take nothing more, and say why unless that would get into another answer."""
        if self.awaited != "body" and self.answering:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if self.awaited != "body" or not (self.pipeline or self.cycle.response_started):
            answer = problem(status, detail, {"Connection": "close"})
            headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
            self.transport.write(STATUS_LINE[status] + headers + b"\r\n" + bytes(answer.body))
        self.transport.close()
        self._bound_draining()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._bound_draining()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.draining and not self.transport.is_closing():
            self.draining.cancel()
            self.draining = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._bound_draining()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._bound_draining()

    def _bound_draining(self) -> None:
        """A client must take what is written as fast as it must send: a MiB, or less, within body_seconds."""
        size = self.transport.get_write_buffer_size()
        if size and not self.draining:
            seconds = self.seconds["body"] * max(1, size / MIB)
            self.draining = self.loop.call_later(seconds, self._cut_off)

    def _cut_off(self) -> None:
        """Close with nothing left to send, not in the system's buffers either."""
        no_linger = struct.pack("ii", 1, 0)
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._received(None)
        if self.draining:
            self.draining.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Answer what is here and what is on its way, each as the last of its connection. Called by uvicorn."""
        self.timeout_keep_alive = LINGER_SECONDS
        if self.answering:
            self.cycle.keep_alive = self.cycle.response_started and self.cycle.keep_alive
        elif not self.awaited:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                LINGER_SECONDS, self.timeout_keep_alive_handler
            )
