"""The service: the API under /api/v1, the page, health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.gzip import GZipMiddleware

from backend import page, problems
from backend.catalogue import Catalogue
from backend.engine import Engine
from backend.routes import analyses, checkpoints, health
from backend.settings import Settings
from model.checkpoint import CheckpointError

log = logging.getLogger("spanscope")


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(_load_first(app))
        yield
        opening.cancel()
        app.state.engine.close()

    # its /docs loads nothing from another host
    app = FastAPIOffline(
        title="Spanscope",
        version=version("spanscope"),
        summary="How far back each attention head of a trained transformer looks.",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.catalogue = Catalogue([settings.runs, settings.shelf])
    app.state.engine = Engine(settings)
    app.state.waiting_for = "a checkpoint is being loaded"
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    problems.install(app)
    app.include_router(health.router)
    for routes in (checkpoints, analyses):
        app.include_router(routes.router, prefix="/api/v1", responses=problems.PROBLEM_RESPONSES)
    page.install(app)
    return app


async def _load_first(app: FastAPI) -> None:
    """Make the first checkpoint ready, and plotly.js compressed, before anybody asks."""
    for entry in await asyncio.to_thread(app.state.catalogue.entries):
        try:
            await app.state.engine.run(entry, lambda net: net)
            break
        except CheckpointError as error:
            log.warning("%s", error)
    else:
        app.state.waiting_for = "there is no checkpoint yet: train one with `spanscope train`"
    for encoding in ("gzip", "br"):
        await asyncio.to_thread(page.plotly_js, encoding)
