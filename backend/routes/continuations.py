"""Texts that a model writes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from itertools import islice

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from torch import Tensor

from analysis.what_if import Cut
from backend.catalogue import Entry
from backend.problems import may_answer
from backend.reading import checked_cuts, in_thread, written
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import continuations as schemas
from backend.settings import Settings
from backend.work.devices import Device, Loaded
from backend.work.engine import Busy, Engine
from backend.work.patience import engine_of, while_waited_for
from model.config import alphabet_of
from model.continuation import Step, write_on
from model.transformer import Transformer

router = APIRouter(tags=["texts"])
Turn = tuple[list[Step], float]
"""Some tokens, and the seconds that they took."""

TURN = 16
"""Tokens written before others get their turn."""
WAIT_SECONDS = 0.05
NDJSON = "application/x-ndjson"
LINES = {
    "description": "A line a token as it is written (`WrittenToken`), and a last one with the whole (`WrittenText`)",
    "content": {
        NDJSON: {
            "schema": {"type": "string"},
            "itemSchema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/WrittenToken"},
                    {"$ref": "#/components/schemas/WrittenText"},
                ]
            },
        }
    },
}


@router.post(
    "/checkpoints/{id}/continuations",
    response_class=StreamingResponse,
    responses={200: LINES, **may_answer(429, 503)},
)
async def continue_text(
    request: Request, entry: ChosenCheckpoint, body: schemas.ContinuationRequest
) -> StreamingResponse:
    """What the model would write next, with the spans of its heads, line by line as it is written.

    It stops when nobody listens any more. The time that a request may take counts anew for every sixteen tokens, since
    their lines come as they are written. A `text8` model reads what its filter makes of the text.
    """
    settings: Settings = request.app.state.settings
    if body.tokens > settings.max_continuation:
        detail = f"body.tokens: at most {settings.max_continuation:,} are written at once"
        raise HTTPException(422, detail)
    cuts = checked_cuts(body.spans, entry.spec.model)
    async with while_waited_for(request):
        text = await written(request, entry, body)
        writing = _Writing(text.tokens, body.temperature, body.seed, cuts)
        first = await engine_of(request).run(entry, partial(writing.turn, count=1))
    turns = _turns(engine_of(request), entry, writing, first, body.tokens - 1)
    return StreamingResponse(_lines(entry, turns), media_type=NDJSON)


class _Writing:
    """A text being written on, turn by turn with the model that began it."""

    def __init__(self, tokens: Tensor, temperature: float, seed: int, cuts: Sequence[Cut]) -> None:
        self.device: Device | None = None
        self._begin = partial(write_on, tokens=tokens, temperature=temperature, seed=seed)
        self._cuts = cuts
        self._begun: tuple[Transformer, Iterator[Step]] | None = None

    def turn(self, loaded: Loaded, count: int) -> Turn:
        started = time.perf_counter()
        if self._begun is None:
            self.device, self._begun = loaded.device, (loaded.net, self._begin(loaded.net))
        net, steps = self._begun
        with net.cut(self._cuts):
            return list(islice(steps, count)), time.perf_counter() - started


async def _turns(
    engine: Engine, entry: Entry, writing: _Writing, first: Turn, left: int
) -> AsyncIterator[Turn]:
    """One turn after another. Raises TimeoutError where one takes longer than a request may."""
    yield first
    while left:
        count = min(TURN, left)
        work = partial(writing.turn, count=count)
        try:
            async with asyncio.timeout(engine.settings.max_seconds):
                turn = await _when_free(engine, entry, work, writing.device)
        except TimeoutError:
            engine.counts["late"] += 1
            raise
        yield turn
        left -= count


async def _when_free(
    engine: Engine, entry: Entry, work: Callable[[Loaded], Turn], device: Device | None
) -> Turn:
    while True:
        try:
            return await engine.run(entry, work, device)
        except Busy:
            await asyncio.sleep(WAIT_SECONDS)


async def _lines(entry: Entry, turns: AsyncIterator[Turn]) -> AsyncIterator[str]:
    tokens, total = list[int](), 0.0
    try:
        async for steps, seconds in turns:
            tokens += [step.token for step in steps]
            total += seconds
            for line in await in_thread(_written, entry, steps):
                yield line
    except TimeoutError:
        return  # without the last line, which tells that it was cut off
    text = alphabet_of(entry.spec.model).decode(tokens)
    last = schemas.WrittenText(text=text, tokens=len(tokens), model_seconds=total)
    yield last.model_dump_json() + "\n"


def _written(entry: Entry, steps: list[Step]) -> list[str]:
    model = entry.spec.model
    alphabet, moving = alphabet_of(model), model.variant == "dynamic"
    lines = (
        schemas.WrittenToken(
            token=step.token,
            symbol=alphabet.symbol(step.token),
            bits=step.bits,
            layers=step.spans.double().mean(1).tolist(),
            heads=step.spans.tolist() if moving else None,
        )
        for step in steps
    )
    return [line.model_dump_json() + "\n" for line in lines]
