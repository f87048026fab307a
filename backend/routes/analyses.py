"""Texts as a checkpoint reads them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.texts import Written, reduced
from analysis.what_if import Cut, WhatIf, reading_of_text, what_if
from backend.catalogue import Entry
from backend.reading import checked_cuts, on_model, prefixes_of, written
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import texts as schemas
from backend.schemas.arrays import TypedArray
from model.config import alphabet_of
from model.pasts import Pasts
from model.probe import Reading, read
from model.transformer import Transformer

router = APIRouter(tags=["texts"])
AXES = {"all": ["token"], "layer": ["token", "layer"], "head": ["token", "layer", "head"]}


@router.post("/checkpoints/{id}/analyses", response_model=schemas.Analysis)
async def analyse(
    request: Request, entry: ChosenCheckpoint, body: schemas.AnalysisRequest
) -> Response:
    """The tokens of a text with their places, bits, likely successors and the fields asked for.

    `context` and `text` are read as one stream, and the tokens that start in the text are returned; with `from`, those
    that start there or after, their numbers being those that the whole would have. Where a text begins as one read a
    moment ago does, only what is new is computed. With `spans` the model reads with those heads cut, and `what_if`
    says what that changes, unless it is declined.
    """
    cuts = checked_cuts(body.spans, entry.spec.model)
    if body.from_ > len(body.text):
        detail = f"body.from: at most {len(body.text)}, where the text ends"
        raise HTTPException(422, detail)
    text = await written(request, entry, body)
    first = max(text.first, text.at(body.from_))
    pasts = prefixes_of(request, entry, cuts)
    read_so = await on_model(request, entry, lambda net: _read(net, text, first, body, cuts, pasts))
    return await run_in_threadpool(_answer, entry, body, text, first, *read_so)


def _read(
    net: Transformer,
    text: Written,
    first: int,
    body: schemas.AnalysisRequest,
    cuts: Sequence[Cut],
    pasts: Pasts,
) -> tuple[Reading, float, WhatIf | None]:
    changes = cuts and body.what_if and first < len(text.tokens)
    change = what_if(net, cuts, reading_of_text(net, text.tokens, first)) if changes else None
    with net.cut(cuts):
        started = time.perf_counter()
        reading = read(net, text.tokens, body.fields, body.likeliest, first, pasts)
        return reading, time.perf_counter() - started, change


def _answer(
    entry: Entry,
    body: schemas.AnalysisRequest,
    text: Written,
    first: int,
    reading: Reading,
    seconds: float,
    change: WhatIf | None,
) -> Response:
    symbols = alphabet_of(entry.spec.model)
    tokens, places = text.tokens[first:].numpy(), text.places[first:]
    analysis = schemas.Analysis.model_validate(
        {
            "checkpoint": entry.id,
            "unit": entry.spec.model.unit,
            "tokens": {
                "first": first - text.first,
                "count": len(tokens),
                "token": TypedArray.of(tokens, "i4"),
                "start": TypedArray.of(places[:, 0], "i4"),
                "end": TypedArray.of(places[:, 1], "i4"),
            },
            "bits": TypedArray.of(reading.bits.numpy()),
            "bpc": None if math.isnan(reading.bpc) else reading.bpc,
            "next": {
                "symbols": [symbols.symbol(token) for token in range(symbols.size)],
                "token": TypedArray.of(reading.next_token.numpy(), "i4"),
                "share": TypedArray.of(reading.next_share.numpy()),
            },
            "axes": AXES[body.reduce],
            "fields": {
                field: TypedArray.of(reduced(reading, field, body.reduce).numpy())
                for field in body.fields
            },
            "model_seconds": seconds,
            "what_if": change and _changed(change),
        }
    )
    return Response(analysis.model_dump_json(), media_type="application/json")


def _changed(change: WhatIf) -> dict[str, object]:
    bpc, one_token = change.bpc, math.isnan(change.bpc.before)
    return {
        "bits": None if one_token else bpc.after - bpc.before,
        "bpc_before": None if one_token else bpc.before,
        "flops": change.flops,
        "cache_bytes": change.cache_bytes,
        "model_seconds": change.seconds,
    }
