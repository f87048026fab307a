"""Texts that a model writes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from itertools import islice

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse

from backend.catalogue import Entry
from backend.engine import Busy, Engine
from backend.reading import checked_cuts, on_model, written
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import continuations as schemas
from backend.schemas.examples import example
from backend.settings import Settings
from model.config import alphabet_of
from model.continuation import Step, write_on
from model.transformer import Transformer

router = APIRouter(tags=["texts"])

TURN = 16
"""Tokens written before others get their turn."""
WAIT_SECONDS = 0.05
NDJSON = "application/x-ndjson"
LINES = {
    "description": "A line a token as it is written (`WrittenToken`), and a last one with the whole (`WrittenText`)",
    "content": {
        NDJSON: {
            "example": example("Continuation"),
            "schema": {
                "anyOf": [
                    schemas.WrittenToken.model_json_schema(),
                    schemas.WrittenText.model_json_schema(),
                ]
            },
        }
    },
}


@router.post(
    "/checkpoints/{id}/continuations",
    response_class=StreamingResponse,
    responses={200: LINES},
)
async def continue_text(
    request: Request, entry: ChosenCheckpoint, body: schemas.ContinuationRequest
) -> StreamingResponse:
    """What the model would write next, with the spans of its heads, line by line as it is written.

    It stops when nobody listens any more. A `text8` model reads what its filter makes of the text.
    """
    settings: Settings = request.app.state.settings
    if body.tokens > settings.max_continuation:
        detail = f"body.tokens: at most {settings.max_continuation:,} are written at once"
        raise HTTPException(422, detail)
    cuts = checked_cuts(body.spans, entry.spec.model)
    text = await written(request, entry, body)
    steps: Iterator[Step] | None = None

    def turn(net: Transformer, count: int) -> tuple[list[Step], float]:
        nonlocal steps
        started = time.perf_counter()
        steps = steps or write_on(net, text.tokens, body.temperature, body.seed)
        with net.cut(cuts):
            return list(islice(steps, count)), time.perf_counter() - started

    first = await on_model(request, entry, partial(turn, count=1))

    async def turns() -> AsyncIterator[tuple[list[Step], float]]:
        yield first
        engine: Engine = request.app.state.engine
        left = body.tokens - 1
        while left:
            count = min(TURN, left)
            try:
                yield await engine.run(entry, partial(turn, count=count))
                left -= count
            except Busy:
                await asyncio.sleep(WAIT_SECONDS)

    return StreamingResponse(_lines(entry, turns()), media_type=NDJSON)


async def _lines(
    entry: Entry, turns: AsyncIterator[tuple[list[Step], float]]
) -> AsyncIterator[str]:
    model, alphabet = entry.spec.model, alphabet_of(entry.spec.model)
    tokens, total = list[int](), 0.0
    async for steps, seconds in turns:
        tokens += [step.token for step in steps]
        total += seconds
        for step in steps:
            line = schemas.WrittenToken(
                token=step.token,
                symbol=alphabet.symbol(step.token),
                bits=step.bits,
                layers=step.spans.double().mean(1).tolist(),
                heads=step.spans.tolist() if model.variant == "dynamic" else None,
            )
            yield line.model_dump_json() + "\n"
    last = schemas.WrittenText(
        text=alphabet.decode(tokens), tokens=len(tokens), model_seconds=total
    )
    yield last.model_dump_json() + "\n"
