"""Checkpoints side by side."""

from __future__ import annotations

import math
import time
from functools import partial
from typing import Annotated, Literal

import numpy as np
import plotly.graph_objects as go
from fastapi import APIRouter, HTTPException, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from analysis.compare import COSTS, by_place, spans_side_by_side
from analysis.compare_figures import Cost, cost_figure, side_by_side_figure
from analysis.published import published_table
from analysis.texts import Written, reduced
from backend.catalogue import Entry
from backend.problems import may_answer
from backend.reading import answered, in_thread, written
from backend.representations import RESPONSES, ChosenForm, represent
from backend.routes.checkpoints import catalogue_of, item_of, items_table, resolved, table_of
from backend.schemas import compare as schemas
from backend.schemas.arrays import TypedArray
from backend.schemas.checkpoints import CheckpointItem
from backend.work.devices import Loaded
from backend.work.kept import Answer
from backend.work.patience import engine_of
from model.probe import Reading, read

router = APIRouter(tags=["compare"])


@router.get(
    "/checkpoints/compare",
    response_model=schemas.Comparison,
    responses={**RESPONSES, **may_answer(404)},
)
def compare(
    request: Request,
    form: ChosenForm,
    ids: Annotated[
        str,
        Query(description="two to four, with commas between"),
    ],
    table: Annotated[
        Literal["heads", "checkpoints"],
        Query(description="which of the tables a csv holds, and a figure draws"),
    ] = "heads",
    against: Annotated[
        Cost, Query(description="what the figure of checkpoints sets bits per character against")
    ] = "flops",
) -> Response:
    """Spans, bits per character and cost of two to four checkpoints, and what they differ by from the first.

    json, csv, or a figure: spans by layer, or bits per character against cost with all other checkpoints and the
    published models of the same corpora. Bits per character of different corpora are never compared.
    """
    entries, alias = _chosen(request, ids.split(","))
    tables = {entry.id: table_of(entry) for entry in entries}
    spans = spans_side_by_side(tables)
    checkpoints = [_item(entry) for entry in entries]
    answer = schemas.Comparison(
        checkpoints=checkpoints,
        differences=[_difference(checkpoints[0], other) for other in checkpoints[1:]],
        heads=[
            schemas.ComparedHead(
                layer=int(row["layer"]),
                head=int(row["head"]),
                spans=[_number(row[f"span {entry.id}"]) for entry in entries],
                differences=[_number(row[f"difference {entry.id}"]) for entry in entries[1:]],
            )
            for row in spans.to_dict("records")
        ],
    )

    def figure() -> go.Figure:
        if table == "heads":
            return side_by_side_figure(tables, {entry.id: entry.spec.model for entry in entries})
        every = items_table([_item(entry) for entry in catalogue_of(request).entries()])
        return cost_figure(every, published_table(), against, [entry.id for entry in entries])

    rows = spans if table == "heads" else items_table(checkpoints)
    response = represent(form, answer, rows, figure)
    if alias:
        response.headers["Cache-Control"] = "no-store"
    return response


def _chosen(request: Request, ids: list[str]) -> tuple[list[Entry], bool]:
    """The checkpoints, and whether any was asked for by an alias. Raises 404 and 422."""
    if not 2 <= len(ids) <= 4:
        raise HTTPException(422, f"ids: two to four checkpoints are compared, not {len(ids)}")
    found = [resolved(request, id) for id in ids]
    entries = [entry for entry, _ in found]
    if len({entry.id for entry in entries}) < len(entries):
        names = ", ".join(entry.id for entry in entries)
        raise HTTPException(422, f"ids: each checkpoint once; these are {names}")
    return entries, any(alias for _, alias in found)


def _number(value: object) -> float | None:
    number = float(str(value))
    return None if math.isnan(number) else number


def _item(entry: Entry) -> CheckpointItem:
    return CheckpointItem.model_validate(item_of(entry, entry.run.training))


def _difference(first: CheckpointItem, other: CheckpointItem) -> schemas.Difference:
    measured = [(one.bpc.valid, one.bpc.part) for one in (first, other)]
    pairs = (pair for pair in zip(*measured, strict=True) if None not in pair)
    before, after = next(pairs, (None, None)) if first.corpus == other.corpus else (None, None)
    of_each = ("mean_span", "parameters", *COSTS)
    return schemas.Difference.model_validate(
        {
            "id": other.id,
            "bpc": None if before is None or after is None else after - before,
            **{name: getattr(other, name) - getattr(first, name) for name in of_each},
        }
    )


@router.post(
    "/checkpoints/compare",
    response_model=schemas.TextComparison,
    responses=may_answer(404, 409, 429, 503),
)
async def compare_readings(request: Request, body: schemas.TextComparisonRequest) -> Response:
    """The same text through two to four checkpoints: bits and mean spans of each, and how they differ from the first."""
    entries, _ = await run_in_threadpool(_chosen, request, body.ids)

    async def make() -> Answer:
        texts = [await written(request, entry, body) for entry in entries]
        readings, seconds = list[Reading](), 0.0
        for entry, text in zip(entries, texts, strict=True):
            reading, took = await engine_of(request).run(entry, partial(_read, text=text))
            readings.append(reading)
            seconds += took
        return await in_thread(_compared, entries, body, texts, readings, seconds)

    return await answered(request, ("compare", *entries), body, make)


def _read(loaded: Loaded, text: Written) -> tuple[Reading, float]:
    started = time.perf_counter()
    reading = read(loaded.net, text.tokens, ["span"], first=text.first)
    return reading, time.perf_counter() - started


def _compared(
    entries: list[Entry],
    body: schemas.TextComparisonRequest,
    texts: list[Written],
    readings: list[Reading],
    seconds: float,
) -> Answer:
    models = [entry.spec.model for entry in entries]
    same = len({(model.alphabet, model.table) for model in models}) == 1
    bits, spans, answers = [], [], []
    for entry, text, reading in zip(entries, texts, readings, strict=True):
        places, span = text.places[text.first :], reduced(reading, "span", "all").numpy()
        own_bits = reading.bits.numpy()
        answers.append(
            schemas.ComparedReading.model_validate(
                {
                    "checkpoint": entry.id,
                    "alphabet": entry.spec.model.alphabet,
                    "tokens": {
                        "first": 0,
                        "count": text.count,
                        "token": TypedArray.of(text.tokens[text.first :].numpy(), "i4"),
                        "start": TypedArray.of(places[:, 0], "i4"),
                        "end": TypedArray.of(places[:, 1], "i4"),
                    },
                    "bits": TypedArray.of(own_bits),
                    "span": TypedArray.of(span),
                    "bpc": None if math.isnan(reading.bpc) else reading.bpc,
                }
            )
        )
        length = len(body.text)
        bits.append(own_bits if same else by_place(own_bits, places, length, shared=True))
        spans.append(span if same else by_place(span, places, length, shared=False))
    comparison = schemas.TextComparison(
        places="token" if same else "code point",
        readings=answers,
        differences=[
            schemas.ReadingDifference(
                checkpoint=entry.id,
                bits=TypedArray.of(np.subtract(bits[number], bits[0])),
                span=TypedArray.of(np.subtract(spans[number], spans[0])),
            )
            for number, entry in enumerate(entries)
            if number
        ],
        model_seconds=seconds,
    )
    return Answer(comparison.model_dump_json().encode())
