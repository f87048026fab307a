"""Texts as a checkpoint reads them."""

from __future__ import annotations

import time

import numpy as np
import torch
from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.texts import reduced
from backend import schemas
from backend.catalogue import Entry
from backend.engine import Busy, Engine
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import TypedArray
from model.alphabets import UNITS, Alphabet, alphabet
from model.probe import Reading, read
from model.transformer import Transformer

router = APIRouter(tags=["texts"])
AXES = {"all": ["token"], "layer": ["token", "layer"], "head": ["token", "layer", "head"]}


@router.post("/checkpoints/{id}/analyses", response_model=schemas.Analysis)
async def analyse(
    request: Request, entry: ChosenCheckpoint, body: schemas.AnalysisRequest
) -> Response:
    """The tokens of a text with their places, bits, likely successors and the fields asked for."""
    limit = request.app.state.settings.max_characters
    if len(body.text) > limit:
        detail = f"The text has {len(body.text):,} characters; at most {limit:,} are read at once."
        raise HTTPException(413, detail)
    engine: Engine = request.app.state.engine
    symbols = alphabet(entry.spec.model.alphabet)
    try:
        tokens, places = await run_in_threadpool(symbols.encode, body.text)
        reading, seconds = await engine.run(entry, lambda net: _timed(net, tokens, body))
    except ValueError as error:
        raise HTTPException(422, f"text: {error}") from None
    except Busy:
        detail = "The model is busy with other texts; try again in a second."
        raise HTTPException(429, detail, {"Retry-After": "1"}) from None
    return await run_in_threadpool(_answer, entry, body, symbols, tokens, places, reading, seconds)


def _timed(
    net: Transformer, tokens: np.ndarray, body: schemas.AnalysisRequest
) -> tuple[Reading, float]:
    started = time.perf_counter()
    reading = read(net, torch.from_numpy(tokens), body.fields)
    return reading, time.perf_counter() - started


def _answer(
    entry: Entry,
    body: schemas.AnalysisRequest,
    symbols: Alphabet,
    tokens: np.ndarray,
    places: np.ndarray,
    reading: Reading,
    seconds: float,
) -> Response:
    bits = reading.bits[1:]
    analysis = schemas.Analysis.model_validate(
        {
            "checkpoint": entry.id,
            "unit": UNITS[entry.spec.model.alphabet],
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
        }
    )
    return Response(analysis.model_dump_json(), media_type="application/json")
