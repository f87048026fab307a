"""What if heads saw less: bits lost on held-out text, and what is won."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request

from analysis.held_out import HeldOutReading, error_of_change, what_if_held_out
from backend.held_out import HeldOut
from backend.problems import PROBLEM
from backend.reading import checked_cuts, on_model
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import what_if as schemas
from model.transformer import Transformer

router = APIRouter(tags=["checkpoints"])
NO_CORPUS = {"description": "The held-out text cannot be had on this machine", **PROBLEM}


@router.post("/checkpoints/{id}/what-if", responses={503: NO_CORPUS})
async def what_if(
    request: Request, entry: ChosenCheckpoint, body: schemas.WhatIfRequest
) -> schemas.HeldOutWhatIf:
    """What cutting the spans of heads changes on held-out text, the sample that `/heads` was measured on.

    The reading without cuts is kept, so that another cut costs one reading; without spans it is made ready.
    """
    held_out: HeldOut = request.app.state.held_out
    config = entry.spec.model
    cuts = checked_cuts(body.spans, config)
    sample = await held_out.sample(entry)

    def readings(net: Transformer) -> tuple[HeldOutReading, HeldOutReading]:
        return held_out.read(net, entry, sample, []), held_out.read(net, entry, sample, cuts)

    try:
        before, after = await on_model(request, entry, readings)
    except ValueError as error:
        raise HTTPException(409, f"{entry.spec.corpus}: {error}") from error
    change = what_if_held_out(config, before, after)
    spans = [
        {
            "layer": i,
            "head": j,
            "before": before.spans[i, j].item(),
            "after": after.spans[i, j].item(),
        }
        for i, j, _ in after.cuts
    ]
    return schemas.HeldOutWhatIf.model_validate(
        {
            "checkpoint": entry.id,
            "unit": config.unit,
            "corpus": entry.spec.corpus,
            "tokens": len(before.bits),
            "bits": change.bpc.after - change.bpc.before,
            "bits_error": error_of_change(before, after),
            "bpc": change.bpc,
            "flops": change.flops,
            "cache_bytes": change.cache_bytes,
            "model_seconds": change.seconds,
            "spans": spans,
        }
    )
