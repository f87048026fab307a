"""Texts as a checkpoint reads them."""

from __future__ import annotations

import time

import torch
from fastapi import APIRouter, HTTPException, Request

from analysis.figures import UNITS
from analysis.texts import reduced
from backend import schemas
from backend.engine import Busy, Engine
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import TypedArray
from model.alphabets import alphabet
from model.probe import Reading, read
from model.transformer import Transformer

router = APIRouter(tags=["texts"])
AXES = {"all": ["token"], "layer": ["token", "layer"], "head": ["token", "layer", "head"]}


@router.post("/checkpoints/{id}/analyses")
async def analyse(
    request: Request, entry: ChosenCheckpoint, body: schemas.AnalysisRequest
) -> schemas.Analysis:
    """The tokens of a text with their places, bits, likely successors and the fields asked for."""
    limit = request.app.state.settings.max_characters
    if len(body.text) > limit:
        raise HTTPException(
            413, f"The text has {len(body.text):,} characters; at most {limit:,} are read at once."
        )
    engine: Engine = request.app.state.engine
    symbols = alphabet(entry.spec.model.alphabet)
    try:
        tokens, places = symbols.encode(body.text)
        reading, seconds = await engine.run(
            entry, lambda net: _timed(net, torch.from_numpy(tokens), body)
        )
    except ValueError as error:
        raise HTTPException(422, f"text: {error}") from None
    except Busy:
        raise HTTPException(
            429, "The model is busy with other texts; try again in a second.", {"Retry-After": "1"}
        ) from None
    bits = reading.bits[1:]
    return schemas.Analysis.model_validate(
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


def _timed(
    net: Transformer, tokens: torch.Tensor, body: schemas.AnalysisRequest
) -> tuple[Reading, float]:
    started = time.perf_counter()
    reading = read(net, tokens, body.fields)
    return reading, time.perf_counter() - started
