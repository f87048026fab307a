"""Runs: what trained, trains and will train."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, HTTPException, Request

from backend.catalogue import UnknownCheckpoint
from backend.routes.checkpoints import catalogue_of
from backend.schemas import runs as schemas
from backend.schemas.arrays import TypedArray

router = APIRouter(tags=["runs"])


@router.get("/runs/{run}/spans")
def get_run_spans(request: Request, run: str) -> schemas.RunSpans:
    """How the lengths grew: z of every head at every evaluation of a run's training, or what an imported run has."""
    try:
        found = catalogue_of(request).run(run)
    except UnknownCheckpoint:
        raise HTTPException(404, f"there is no run {run!r}") from None
    metrics, layers, heads = found.metrics(), found.spec.model.layers, found.spec.model.heads
    curves = {
        name: [line.get(name) for line in metrics]
        for name in ("tokens", "bpc", "z", "span_avg", "span_max")
    }
    z = None if None in curves["z"] else np.array(curves["z"]).reshape(-1, layers, heads)
    return schemas.RunSpans.model_validate(
        {
            **curves,
            "run": run,
            "steps": [line["step"] for line in metrics],
            "z": None if z is None else TypedArray.of(z),
        }
    )
