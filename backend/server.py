"""The service as a process of its own: how it starts, and how it ends without losing a request."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from backend.app import create_app
from backend.http.protocol import PatientProtocol
from backend.settings import Settings


class Server(uvicorn.Server):
    """Says where it is once it answers, and finishes what it has accepted when it is told to end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"Spanscope is at http://{host}:{port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.app.state.leaving.set()
        for server in self.servers:
            for listening in server.sockets:
                with socket.fromfd(listening.fileno(), listening.family, listening.type) as door:
                    await self._let_in(door)
        await super().shutdown(sockets)

    async def _let_in(self, door: socket.socket) -> None:
        """Accept those who wait at a door, since closing it would reset them, while no more queue up."""
        door.listen(0)
        waiting = select.poll()
        waiting.register(door, select.POLLIN)
        for _ in range(self.config.backlog):
            if not waiting.poll(0):
                break
            await asyncio.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The second SIGINT ends at once, whatever the model's thread is at."""
        if self.should_exit and sig == signal.SIGINT:
            os._exit(128 + sig)
        super().handle_exit(sig, frame)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Exits with 1 where the address is taken."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        log_config=None,  # as backend.logs has set it up
        access_log=False,
        server_header=False,
        # typed as whole seconds, taken with parts of one, too
        timeout_graceful_shutdown=settings.grace_seconds,  # type: ignore[arg-type]
    )
    server = Server(config, app)
    server.run()
    if not server.started:
        raise SystemExit(1)
