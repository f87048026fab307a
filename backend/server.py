"""The service as a process of its own."""

from __future__ import annotations

import socket

import uvicorn

from backend.app import create_app
from backend.settings import Settings

GRACE_SECONDS = 2
"""For answers under way when the service is told to end; a page that watches a run would hold it for as long as it trains."""


class Server(uvicorn.Server):
    """Says where it is once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"Spanscope is at http://{host}:{port}", flush=True)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Exits with 1 where the address is taken."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config)
    server.run()
    if not server.started:
        raise SystemExit(1)
