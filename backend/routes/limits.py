"""What the service refuses."""

from __future__ import annotations

from fastapi import APIRouter, Request

from backend.schemas import limits as schemas
from backend.settings import Settings

router = APIRouter(tags=["operation"])


@router.get("/limits")
async def get_limits(request: Request) -> schemas.Limits:
    """The most that is answered at once, so that nobody has to find out by being refused."""
    settings: Settings = request.app.state.settings
    return schemas.Limits(
        characters=settings.max_characters,
        body_bytes=settings.max_body_bytes,
        rows=settings.max_rows,
        weights=settings.max_weights,
        continuation=settings.max_continuation,
        queue=settings.max_queue,
        runs=settings.max_runs,
        seconds=settings.max_seconds,
    )
