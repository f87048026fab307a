"""Texts as a checkpoint reads them."""

from __future__ import annotations

import math

from fastapi import APIRouter, HTTPException, Request, Response

from analysis.texts import Written, reduced
from analysis.what_if import WhatIf
from backend.catalogue import Entry
from backend.problems import may_answer
from backend.reading import answered, checked_cuts, in_thread, written
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import texts as schemas
from backend.schemas.arrays import TypedArray
from backend.work.kept import Answer
from backend.work.patience import engine_of
from backend.work.text_reading import TextRead, TextReading
from model.config import alphabet_of

router = APIRouter(tags=["texts"])
AXES = {"all": ["token"], "layer": ["token", "layer"], "head": ["token", "layer", "head"]}


@router.post(
    "/checkpoints/{id}/analyses",
    response_model=schemas.Analysis,
    responses=may_answer(429, 503),
)
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

    async def make() -> Answer:
        text = await written(request, entry, body)
        first = max(text.first, text.at(body.from_))
        work = TextReading(
            config=entry.spec.model,
            tokens=text.tokens,
            first=first,
            fields=frozenset(body.fields),
            likeliest=body.likeliest,
            cuts=tuple(cuts),
            changes=bool(cuts) and body.what_if and first < len(text.tokens),
        )
        done = await engine_of(request).run(entry, work)
        return await in_thread(_answer, entry, body, text, first, done)

    return await answered(request, ("analyses", entry), body, make)


def _answer(
    entry: Entry,
    body: schemas.AnalysisRequest,
    text: Written,
    first: int,
    done: TextRead,
) -> Answer:
    reading, seconds, change = done
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
    return Answer(analysis.model_dump_json().encode())


def _changed(change: WhatIf) -> dict[str, object]:
    bpc, one_token = change.bpc, math.isnan(change.bpc.before)
    return {
        "bits": None if one_token else bpc.after - bpc.before,
        "bpc_before": None if one_token else bpc.before,
        "flops": change.flops,
        "cache_bytes": change.cache_bytes,
        "model_seconds": change.seconds,
    }
