"""How long an answer is waited for: while its client listens, and no longer than a request may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.requests import ClientDisconnect

from backend.work.engine import Engine


class Late(RuntimeError):
    """An answer took longer than it may."""

    def __init__(self, most: float, seconds: int) -> None:
        super().__init__(f"not answered within {most:g} s")
        self.seconds = seconds
        """Until there is likely more room."""


def engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


@asynccontextmanager
async def while_waited_for(request: Request) -> AsyncIterator[None]:
    """Cancel what is awaited inside when the client goes away, and when it takes too long.

    Raises ClientDisconnect and Late.
    """
    engine, gone = engine_of(request), False
    most = engine.settings.max_seconds

    async def listen() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        limit.reschedule(0)

    try:
        async with asyncio.timeout(most) as limit:
            listening = asyncio.create_task(listen())
            try:
                yield
            finally:
                listening.cancel()
    except TimeoutError:
        if not limit.expired():
            raise
        if gone:
            raise ClientDisconnect from None
        engine.counts["late"] += 1
        raise Late(most, engine.seconds_until_free()) from None
