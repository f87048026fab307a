"""What the routes that read texts share: limits, tokens, cuts, the model's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from analysis.texts import Written, write
from analysis.what_if import Cut
from backend.catalogue import Entry
from backend.engine import Busy, Engine
from backend.prefixes import PrefixesOfModel
from backend.schemas.texts import HeadCut, TextRequest
from backend.settings import Settings
from model.config import ModelConfig, alphabet_of
from model.transformer import Transformer

T = TypeVar("T")


async def written(request: Request, entry: Entry, body: TextRequest) -> Written:
    """The tokens of a text and its context. Raises 413, 422 and UnknownAlphabet."""
    settings: Settings = request.app.state.settings
    limit, length = settings.max_characters, len(body.context) + len(body.text)
    if length > limit:
        what = "text and its context have" if body.context else "text has"
        detail = f"The {what} {length:,} characters; at most {limit:,} are read at once."
        raise HTTPException(413, detail)
    alphabet = alphabet_of(entry.spec.model)
    try:
        return await run_in_threadpool(write, alphabet, body.text, body.context)
    except ValueError as error:
        where = "context and text" if body.context else "text"
        raise HTTPException(422, f"{where}: {error}") from None


async def on_model(request: Request, entry: Entry, work: Callable[[Transformer], T]) -> T:
    """Do a piece of work on the model's thread. Raises 429 where too many wait for it."""
    engine: Engine = request.app.state.engine
    try:
        return await engine.run(entry, work)
    except Busy:
        detail = "The model is busy with other texts; try again in a second."
        raise HTTPException(429, detail, {"Retry-After": "1"}) from None


def checked_cuts(cuts: Sequence[HeadCut], config: ModelConfig) -> list[Cut]:
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
    return [(cut.layer, cut.head, cut.span) for cut in cuts]


def prefixes_of(request: Request, entry: Entry, cuts: Sequence[Cut]) -> PrefixesOfModel:
    """What the model remembers of texts read before; for the model's thread alone."""
    of_model: PrefixesOfModel = request.app.state.prefixes.of(entry, cuts)
    return of_model
