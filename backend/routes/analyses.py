"""Texts as a checkpoint reads them."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
import torch
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.texts import reduced
from analysis.what_if import WhatIf, reading_of_text, what_if
from backend.catalogue import Entry
from backend.engine import Busy, Engine
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import texts as schemas
from backend.schemas.arrays import TypedArray
from model.alphabets import Alphabet
from model.config import ModelConfig, alphabet_of
from model.probe import Reading, read
from model.transformer import Transformer

router = APIRouter(tags=["texts"])
AXES = {"all": ["token"], "layer": ["token", "layer"], "head": ["token", "layer", "head"]}


@router.post("/checkpoints/{id}/analyses", response_model=schemas.Analysis)
async def analyse(
    request: Request, entry: ChosenCheckpoint, body: schemas.AnalysisRequest
) -> Response:
    """The tokens of a text with their places, bits, likely successors and the fields asked for.

    With `spans` the model reads with those heads cut, and `what_if` says what that changes.
    """
    limit = request.app.state.settings.max_characters
    if len(body.text) > limit:
        detail = f"The text has {len(body.text):,} characters; at most {limit:,} are read at once."
        raise HTTPException(413, detail)
    _check_cuts(body.spans, entry.spec.model)
    engine: Engine = request.app.state.engine
    symbols = alphabet_of(entry.spec.model)
    try:
        tokens, places = await run_in_threadpool(symbols.encode, body.text)
        read_so = await engine.run(entry, lambda net: _read(net, tokens, body))
    except ValueError as error:
        raise HTTPException(422, f"text: {error}") from None
    except Busy:
        detail = "The model is busy with other texts; try again in a second."
        raise HTTPException(429, detail, {"Retry-After": "1"}) from None
    return await run_in_threadpool(_answer, entry, body, symbols, tokens, places, *read_so)


def _check_cuts(cuts: Sequence[schemas.HeadCut], config: ModelConfig) -> None:
    """Raises 422 for a head that is not there or cut twice, and for a span beyond the limit."""
    most = {"layer": config.layers - 1, "head": config.heads - 1, "span": config.span_limit}
    known: dict[tuple[int, int], int] = {}
    for number, cut in enumerate(cuts):
        place = f"body.spans.{number}"
        for name, limit in most.items():
            if getattr(cut, name) > limit:
                raise HTTPException(422, f"{place}.{name}: at most {limit} in this checkpoint")
        first = known.setdefault((cut.layer, cut.head), number)
        if first != number:
            raise HTTPException(422, f"{place}: this head is cut by body.spans.{first} already")


def _read(
    net: Transformer, tokens: np.ndarray, body: schemas.AnalysisRequest
) -> tuple[Reading, float, WhatIf | None]:
    text = torch.from_numpy(tokens)
    cuts = [(cut.layer, cut.head, cut.span) for cut in body.spans]
    change = what_if(net, cuts, reading_of_text(net, text)) if cuts else None
    with net.cut(cuts):
        started = time.perf_counter()
        reading = read(net, text, body.fields)
        return reading, time.perf_counter() - started, change


def _answer(
    entry: Entry,
    body: schemas.AnalysisRequest,
    symbols: Alphabet,
    tokens: np.ndarray,
    places: np.ndarray,
    reading: Reading,
    seconds: float,
    change: WhatIf | None,
) -> Response:
    bits = reading.bits[1:]
    analysis = schemas.Analysis.model_validate(
        {
            "checkpoint": entry.id,
            "unit": entry.spec.model.unit,
            "tokens": {
                "count": len(tokens),
                "token": TypedArray.of(tokens, "i4"),
                "start": TypedArray.of(places[:, 0], "i4"),
                "end": TypedArray.of(places[:, 1], "i4"),
            },
            "bits": TypedArray.of(reading.bits.numpy()),
            "bpc": bits.mean().item() if len(bits) else None,
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
