"""Heads: what each may reach, what it does reach on held-out text, what moves its z, and what it costs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.heads import bins_table, head_figure, heads_table
from analysis.needs import needed_spans
from analysis.use import distribution_figure, reach_figure
from backend.catalogue import Entry
from backend.representations import RESPONSES, ChosenForm, Form, represent, unchanging
from backend.routes.checkpoints import ChosenCheckpoint, table_of
from backend.schemas import heads as schemas
from backend.trims import Measured, measured_needs
from model.head_use import log_edges

router = APIRouter(tags=["checkpoints"])


@router.get("/checkpoints/{id}/heads", response_model=schemas.Heads, responses=RESPONSES)
async def get_heads(
    request: Request,
    entry: ChosenCheckpoint,
    form: ChosenForm,
    show: Annotated[
        Literal["reach", "distribution"],
        Query(description="as a figure: spans against distances, or how many heads go beyond one"),
    ] = "reach",
) -> Response:
    """Every head: its span, what it uses of it on held-out text, what moves its z, its cost; json, csv, or a figure."""

    measured = await run_in_threadpool(measured_needs, entry, request.app.state.settings.runs)

    def made() -> Response:
        model, table = entry.spec.model, _table(entry, measured)
        answer = schemas.Heads.model_validate({**_about(entry), "heads": _records(table)})
        draw = {"reach": reach_figure, "distribution": distribution_figure}[show]
        return represent(form, answer, table, lambda: draw(table, model))

    return await unchanging(request, form, (entry, "heads", show, measured.version), made)


@router.get(
    "/checkpoints/{id}/heads/{layer}/{head}",
    response_model=schemas.HeadDetail,
    responses=RESPONSES,
)
async def get_head(
    request: Request,
    entry: ChosenCheckpoint,
    form: ChosenForm,
    layer: Annotated[int, Path(description="from 0, at the bottom")],
    head: Annotated[int, Path(description="from 0")],
) -> Response:
    """One head, with its attention by distance and its z over training: json, csv (a row a bin), or a figure."""
    measured = await run_in_threadpool(measured_needs, entry, request.app.state.settings.runs)
    made = partial(_head, entry, measured, form, layer, head)
    return await unchanging(request, form, (entry, "head", layer, head, measured.version), made)


def _head(entry: Entry, measured: Measured, form: Form, layer: int, head: int) -> Response:
    """Raises 404."""
    model, table = entry.spec.model, _table(entry, measured)
    found = table[(table["layer"] == layer) & (table["head"] == head)]
    if found.empty:
        raise no_such_head(entry, layer, head)
    row = found.iloc[0]
    bins = bins_table(row, model, entry.use)
    answer = schemas.HeadDetail.model_validate(
        {
            **_about(entry),
            **_records(found)[0],
            "edges": log_edges(model.span_limit),
            "mass": bins["mass"].tolist() if entry.use else None,
            "growth": _growth(entry, layer, head),
        }
    )
    return represent(form, answer, bins, lambda: head_figure(bins, row, model))


def no_such_head(entry: Entry, layer: int, head: int) -> HTTPException:
    model = entry.spec.model
    there_are = f"layers go from 0 to {model.layers - 1}, heads from 0 to {model.heads - 1}"
    return HTTPException(404, f"there is no layer {layer}, head {head} in {entry.id}: {there_are}")


def _table(entry: Entry, measured: Measured) -> pd.DataFrame:
    spans = table_of(entry)
    needed = needed_spans(spans, measured.losses)
    return heads_table(spans, entry.spec.model, entry.use, needed)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _about(entry: Entry) -> dict[str, Any]:
    model, use = entry.spec.model, entry.use
    missing = (
        "What the heads use was not measured for this checkpoint. Training measures it at each evaluation; "
        f"`python -m model.use {entry.run.name}/checkpoints/{entry.folder.name}` adds it."
    )
    return {
        "checkpoint": entry.id,
        "variant": model.variant,
        "unit": model.unit,
        "span_limit": model.span_limit,
        "ramp": model.ramp,
        "tokens": use.tokens if use else None,
        "detail": None if use else missing,
    }


def _growth(entry: Entry, layer: int, head: int) -> dict[str, Any] | None:
    """Up to this checkpoint alone, so that the answer never changes."""
    lines = [line for line in entry.run.metrics() if line["step"] <= entry.step]
    if any(line.get("z") is None for line in lines):
        return None
    return {
        "steps": [line["step"] for line in lines],
        "tokens": [line["tokens"] for line in lines],
        "z": [line["z"][layer][head] for line in lines],
    }
