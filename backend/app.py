"""The service: the API under /api/v1, the page, health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from backend import docs, document, page, problems
from backend.catalogue import Catalogue
from backend.http.body_limit import BodyLimit
from backend.http.delivery import Delivery
from backend.http.guard import Guard
from backend.http.headers import SecurityHeaders
from backend.http.observation import Observation
from backend.metrics import Metrics
from backend.routes import (
    analyses,
    attention,
    checkpoints,
    compare,
    continuations,
    heads,
    health,
    limits,
    plans,
    published,
    run_events,
    runs,
    session,
    surveys,
    trims,
    what_if,
)
from backend.settings import Settings
from backend.work.engine import Busy, Engine
from backend.work.held_out import HeldOut
from model.checkpoint import CheckpointError

log = logging.getLogger("spanscope")
LOOK_AGAIN_SECONDS = 2.0


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opening = [asyncio.create_task(_load_first(app)), asyncio.create_task(_compress_plotly())]
        yield
        for task in opening:
            task.cancel()
        await asyncio.to_thread(app.state.engine.close)

    app = FastAPIOffline(  # brings what /docs needs
        title="Spanscope",
        version=version("spanscope"),
        summary="How far back each attention head of a trained transformer looks.",
        lifespan=lifespan,
        docs_url=None,
        generate_unique_id_function=document.operation_id,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.catalogue = Catalogue([settings.runs, settings.shelf])
    app.state.engine = Engine(settings)
    app.state.held_out = HeldOut(settings.data)
    app.state.metrics = Metrics(settings, app.state.catalogue, app.state.engine.figures)
    app.state.waiting_for = "the service is starting"
    app.state.leaving = asyncio.Event()
    problems.install(app)
    app.include_router(health.router, responses=problems.PROBLEM_RESPONSES)
    # `compare` before the checkpoints, or it would be taken for one
    for routes in (
        compare,
        checkpoints,
        heads,
        surveys,
        analyses,
        attention,
        what_if,
        trims,
        continuations,
        limits,
        published,
        runs,
        run_events,
        plans,
        session,
    ):
        app.include_router(routes.router, prefix="/api/v1", responses=problems.PROBLEM_RESPONSES)
    document.install(app)
    page.install(app)
    docs.install(app)
    app.add_middleware(Delivery, kept=app.state.engine.answers.kept)
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Observation, metrics=app.state.metrics)
    app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)  # around all
    return app


async def _load_first(app: FastAPI) -> None:
    """Load a checkpoint before anybody asks, or as soon as there is one."""
    while not app.state.engine.loaded:
        app.state.waiting_for = "there is no checkpoint yet: train one with `spanscope train`"
        for entry in await asyncio.to_thread(app.state.catalogue.entries):
            app.state.waiting_for = f"{entry.id} is being loaded"
            try:
                await app.state.engine.run(entry, lambda _: None)
                break
            except (CheckpointError, Busy) as error:
                log.warning("%s: %s", entry.id, error)
        else:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _compress_plotly() -> None:
    for encoding in ("gzip", "br"):
        await asyncio.to_thread(page.plotly_js, encoding)
