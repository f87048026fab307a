"""Alive, and ready."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from backend.engine import Engine
from backend.schemas import operation as schemas

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> schemas.Health:
    """The process answers."""
    return schemas.Health(status="ok")


@router.get("/readyz", responses={503: {"model": schemas.Readiness}})
async def readyz(request: Request, response: Response) -> schemas.Readiness:
    """A checkpoint is loaded; the device and the dtype in use."""
    engine: Engine = request.app.state.engine
    loaded = next(reversed(engine.loaded), None)
    response.status_code = 200 if loaded else 503
    return schemas.Readiness(
        status="ready" if loaded else "waiting",
        device=engine.settings.torch_device,
        dtype=engine.settings.dtype,
        checkpoint=loaded.id if loaded else None,
        detail="" if loaded else request.app.state.waiting_for,
    )
