"""Checkpoints: the shelf, the spans and what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

import pandas as pd
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.figures import map_figure, spans_figure
from analysis.spans import costs, spans_table, statistics_by_layer, statistics_over_all
from backend.catalogue import Catalogue, Entry, UnknownCheckpoint
from backend.pages import Cursor, Limit, Pages, tell_next
from backend.representations import (
    RESPONSES,
    TABLE_RESPONSES,
    ChosenForm,
    ChosenTableForm,
    represent,
    unchanging,
)
from backend.schemas import checkpoints as schemas

router = APIRouter(tags=["checkpoints"])
PAGES = Pages(tuple[str, int])
MOST_SHOWN = 100
"""Characters of an id that nothing has."""


def catalogue_of(request: Request) -> Catalogue:
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue


def resolved(request: Request, id: str) -> tuple[Entry, bool]:
    """A checkpoint, and whether it was asked for by an alias. Raises 404 where there is none."""
    try:
        return catalogue_of(request).resolve(id)
    except UnknownCheckpoint:
        raise HTTPException(
            404, f"there is no checkpoint {id[:MOST_SHOWN]!r}; GET /api/v1/checkpoints lists them"
        ) from None


async def chosen_checkpoint(
    request: Request,
    id: Annotated[
        str,
        Path(description="`<run>@<step>`, or `@latest`, `@best`"),
    ],
) -> Entry:
    """Raises 404; an alias answers 307 to what it stands for now."""
    if known := catalogue_of(request).known(id):
        return known
    entry, alias = await run_in_threadpool(resolved, request, id)
    if alias:
        path = request.url.path.replace(f"/{id}", f"/{quote(entry.id, safe='@')}", 1)
        query = f"?{request.url.query}" if request.url.query else ""
        raise HTTPException(
            307, f"{id} is {entry.id} now", {"Location": path + query, "Cache-Control": "no-store"}
        )
    return entry


ChosenCheckpoint = Annotated[Entry, Depends(chosen_checkpoint)]


def table_of(entry: Entry) -> pd.DataFrame:
    return spans_table(entry.z, entry.spec.model, entry.sample)


def item_of(entry: Entry, training: bool) -> dict[str, object]:
    model, table = entry.spec.model, table_of(entry)
    return {
        "id": entry.id,
        "title": entry.run.about().get("title") or entry.spec.title or entry.run.name,
        "variant": model.variant,
        "step": entry.step,
        "layers": model.layers,
        "heads": model.heads,
        "hidden": model.hidden,
        "span_limit": model.span_limit,
        "ramp": model.ramp,
        "parameters": entry.parameters,
        "corpus": entry.spec.corpus,
        "alphabet": model.alphabet,
        "unit": model.unit,
        "bpc": {"part": None, **entry.summary["bpc"]},
        "mean_span": float(table["span"].mean()),
        "created": datetime.fromisoformat(entry.summary["created"]),
        "training": training,
        "parent": entry.spec.parent or None,
        **costs(table, model),
    }


def items_table(items: list[schemas.CheckpointItem]) -> pd.DataFrame:
    """A row a checkpoint, with `bpc_part` and `bpc_valid` in the place of `bpc`."""
    columns = [*schemas.CheckpointItem.model_fields, "bpc_part", "bpc_valid"]
    rows = [
        {**item.model_dump(), "bpc_part": item.bpc.part, "bpc_valid": item.bpc.valid}
        for item in items
    ]
    return pd.DataFrame(rows, columns=columns).drop(columns="bpc")


@router.get("/checkpoints", response_model=schemas.Checkpoints, responses=TABLE_RESPONSES)
def list_checkpoints(
    request: Request, form: ChosenTableForm, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """Every checkpoint of the runs folder and the shelf, by run, the newest of each first: json or csv."""
    every = catalogue_of(request).entries()
    entries, next = PAGES.of(every, lambda entry: (entry.run.name, -entry.step), limit, cursor)
    training = {run: run.training for run in {entry.run for entry in entries}}
    items = [schemas.CheckpointItem.model_validate(item_of(e, training[e.run])) for e in entries]
    answer = schemas.Checkpoints(items=items, next=next)
    return tell_next(request, represent(form, answer, items_table(items)), next)


@router.get("/checkpoints/{id}")
def get_checkpoint(entry: ChosenCheckpoint) -> schemas.CheckpointDetail:
    """One checkpoint with its whole config, its model card, and its bpc on test."""
    card = entry.run.folder / "README.md"
    return schemas.CheckpointDetail.model_validate(
        {
            **item_of(entry, entry.run.training),
            "tokens": entry.summary["tokens"],
            "config": entry.spec.to_dict(),
            "card": card.read_text(encoding="utf-8", errors="replace") if card.is_file() else None,
        }
    )


@router.get("/checkpoints/{id}/spans", response_model=schemas.Spans, responses=RESPONSES)
async def get_spans(
    request: Request,
    entry: ChosenCheckpoint,
    form: ChosenForm,
    show: Annotated[
        Literal["spans", "map"],
        Query(description="as a figure: the paper's, or layers by heads"),
    ] = "spans",
) -> Response:
    """z and span of every head, in tokens: json, csv, or a figure.

    Of a dynamic span, z and span are means over held-out text, and the percentiles say how the span moves there.
    """

    def made() -> Response:
        model, table = entry.spec.model, table_of(entry)
        answer = schemas.Spans.model_validate(
            {
                "checkpoint": entry.id,
                "variant": model.variant,
                "span_limit": model.span_limit,
                "ramp": model.ramp,
                "unit": model.unit,
                "heads": table.to_dict("records"),
            }
        )
        draw = {"spans": spans_figure, "map": map_figure}[show]
        return represent(form, answer, table, lambda: draw(table, model))

    return await unchanging(request, form, (entry, "spans", show), made)


@router.get(
    "/checkpoints/{id}/statistics",
    response_model=schemas.SpanStatistics,
    responses=TABLE_RESPONSES,
)
async def get_statistics(
    request: Request, entry: ChosenCheckpoint, form: ChosenTableForm
) -> Response:
    """Spans and their cost, by layer and over all: json or csv (the layers)."""

    def made() -> Response:
        table = table_of(entry)
        layers = statistics_by_layer(table, entry.spec.model)
        answer = schemas.SpanStatistics.model_validate(
            {
                "checkpoint": entry.id,
                "layers": layers.to_dict("records"),
                "all": statistics_over_all(table, entry.spec.model),
            }
        )
        return represent(form, answer, layers)

    return await unchanging(request, form, (entry, "statistics"), made)
