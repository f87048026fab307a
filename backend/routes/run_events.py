"""A run as it happens: server-sent events read off its files, so that any copy of the service can send them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from backend.routes.runs import AT_WORK, ChosenRun, on_shelf
from backend.run_items import metrics_of, run_item
from backend.schemas import runs as schemas
from model.runs import Run

router = APIRouter(tags=["runs"])

LOOK_AGAIN_SECONDS = 0.5


@dataclass
class Place:
    """How many lines of the log and of the metrics were sent: the id of an event, from which a reader goes on."""

    log: int = 0
    metrics: int = 0

    @classmethod
    def of(cls, id: str) -> Place:
        """From the beginning where the id is none of ours."""
        found = re.fullmatch(r"(\d{1,9})-(\d{1,9})", id, re.ASCII)
        return cls(int(found[1]), int(found[2])) if found else cls()

    def __str__(self) -> str:
        return f"{self.log}-{self.metrics}"


@router.get("/runs/{run}/events", response_class=EventSourceResponse)
async def get_events(
    request: Request,
    run: ChosenRun,
    last_event_id: Annotated[
        str, Header(max_length=64, description="where to go on: what a reader got last")
    ] = "",
) -> AsyncIterator[ServerSentEvent]:
    """`run` (as in GET /runs) whenever it changed, `evaluation` (with z of every head) and `happened` (a line of the log).

    The last one is `end`, when nothing more will happen unless somebody resumes the run. A service that ends lets
    its readers go without it, and they go on elsewhere.
    """
    place, shelf, shown = Place.of(last_event_id), on_shelf(request, run), ""
    leaving: asyncio.Event = request.app.state.leaving
    while not leaving.is_set():
        item, news = await run_in_threadpool(_look, run, shelf, place)
        for event in news:
            yield event
        if (text := item.model_dump_json()) != shown:
            yield _event("run", item, place)
            shown = text
        if item.state not in AT_WORK:
            yield _event("end", item, place)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), LOOK_AGAIN_SECONDS)


def _look(run: Run, shelf: bool, place: Place) -> tuple[schemas.RunItem, list[ServerSentEvent]]:
    """What a run is now, and what happened since a place, which moves on."""
    item = run_item(run, shelf=shelf)  # first: what makes it end is then among the news
    news = []
    if item.state != "unreadable":
        metrics, log = metrics_of(run), run.log()
        place.metrics = min(
            place.metrics, len(metrics)
        )  # a run that was killed forgets its last ones
        for line in metrics[place.metrics :]:
            place.metrics += 1
            if "z" in line:
                news.append(_event("evaluation", schemas.Evaluation.model_validate(line), place))
        for line in log[place.log :]:
            place.log += 1
            news.append(_event("happened", schemas.Happened.model_validate(line), place))
    return item, news


def _event(
    name: str, data: schemas.RunItem | schemas.Evaluation | schemas.Happened, place: Place
) -> ServerSentEvent:
    return ServerSentEvent(event=name, raw_data=data.model_dump_json(), id=str(place))
