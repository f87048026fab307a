"""What the routes that read texts share: limits, tokens, cuts, and answers that are not made twice."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Sequence
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException, Request, Response
from pydantic import BaseModel

from analysis.texts import Written, write
from analysis.what_if import Cut
from backend.catalogue import Entry
from backend.schemas.texts import HeadCut, TextRequest
from backend.settings import Settings
from backend.work.answers import digest
from backend.work.kept import Answer
from backend.work.patience import engine_of, while_waited_for
from model.config import ModelConfig, alphabet_of

P = ParamSpec("P")
T = TypeVar("T")
BESIDE_MODEL = CapacityLimiter(2)
"""Threads that write texts as tokens and answers as JSON: they compute, so that more would only hold others up."""


async def in_thread(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """What does not need the model, but would hold up the event loop."""
    return await to_thread.run_sync(partial(work, *args, **named), limiter=BESIDE_MODEL)


async def answered(
    request: Request,
    about: Hashable,
    body: BaseModel,
    make: Callable[[], Coroutine[Any, Any, Answer]],
) -> Response:
    """The answer to a body about something: one given before, one that is being made for others, or a new one.

    Raises Busy, Late, ClientDisconnect, and what making it raises.
    """
    engine = engine_of(request)

    async def anew() -> Answer:
        engine.require_place()  # before anything is spent on it
        return await make()

    async with while_waited_for(request):
        key = (about, await in_thread(digest, body))
        answer = await engine.answers.get(key, anew)
    return answer.response()


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
        return await in_thread(write, alphabet, body.text, body.context)
    except ValueError as error:
        where = "context and text" if body.context else "text"
        raise HTTPException(422, f"{where}: {error}") from None


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
