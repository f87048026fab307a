"""What if heads saw less: bits lost on held-out text, and what is won."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from analysis.held_out import HeldOutReading, error_of_change, what_if_held_out
from backend.catalogue import Entry
from backend.problems import may_answer
from backend.reading import answered, checked_cuts, in_thread
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import what_if as schemas
from backend.work.devices import Loaded
from backend.work.held_out import HeldOut
from backend.work.kept import Answer
from backend.work.patience import engine_of

router = APIRouter(tags=["checkpoints"])


@router.post(
    "/checkpoints/{id}/what-if",
    response_model=schemas.HeldOutWhatIf,
    responses=may_answer(429, 503),
)
async def what_if(
    request: Request, entry: ChosenCheckpoint, body: schemas.WhatIfRequest
) -> Response:
    """What cutting the spans of heads changes on held-out text, the sample that `/heads` was measured on.

    The reading without cuts is kept, so that another cut costs one reading; without spans it is made ready.
    """
    held_out: HeldOut = request.app.state.held_out
    cuts = checked_cuts(body.spans, entry.spec.model)
    sample = await held_out.sample(entry)

    def readings(loaded: Loaded) -> tuple[HeldOutReading, HeldOutReading]:
        net = loaded.net
        return held_out.read(net, entry, sample, []), held_out.read(net, entry, sample, cuts)

    async def make() -> Answer:
        try:
            before, after = await engine_of(request).run(entry, readings)
        except ValueError as error:
            raise HTTPException(409, f"{entry.spec.corpus}: {error}") from error
        return await in_thread(_answer, entry, before, after)

    return await answered(request, ("what-if", entry), body, make)


def _answer(entry: Entry, before: HeldOutReading, after: HeldOutReading) -> Answer:
    config = entry.spec.model
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
    answer = schemas.HeldOutWhatIf.model_validate(
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
    return Answer(answer.model_dump_json().encode())
