"""Alive, ready, and how it goes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from backend.metrics import Metrics
from backend.schemas import operation as schemas
from backend.work.engine import Engine

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> schemas.Health:
    """The process answers."""
    return schemas.Health(status="ok")


@router.get("/readyz", responses={503: {"model": schemas.Readiness}})
async def readyz(request: Request, response: Response) -> schemas.Readiness:
    """A checkpoint is loaded, and the service is not ending; the device and the dtype in use."""
    engine: Engine = request.app.state.engine
    loaded = next(reversed(engine.loaded), None)
    leaving = request.app.state.leaving.is_set()
    ready = loaded is not None and not leaving
    response.status_code = 200 if ready else 503
    waiting_for = "the service is ending" if leaving else request.app.state.waiting_for
    return schemas.Readiness(
        status="ready" if ready else "waiting",
        device=engine.settings.torch_device,
        dtype=engine.settings.dtype,
        checkpoint=loaded.id if loaded else None,
        detail="" if ready else waiting_for,
    )


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Requests, the model's queue and memory, runs and the trainer, in Prometheus' text format."""
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
