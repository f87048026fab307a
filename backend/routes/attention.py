"""What heads attend to, map by map on demand."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from backend.catalogue import Entry
from backend.problems import may_answer
from backend.reading import answered, checked_cuts, in_thread, written
from backend.representations import AcceptHeader, FormQuery, best
from backend.routes.checkpoints import ChosenCheckpoint
from backend.schemas import attention as schemas
from backend.schemas.arrays import TypedArray
from backend.settings import Settings
from backend.work.devices import Loaded
from backend.work.kept import Answer
from backend.work.patience import engine_of
from model.bands import FLOOR, Band, TooManyWeights, read_bands
from model.config import ModelConfig

router = APIRouter(tags=["texts"])

BandsForm = Literal["json", "octets"]
MEDIA_TYPES: dict[BandsForm, str] = {
    "json": "application/json",
    "octets": "application/octet-stream",
}
SCALE = schemas.Scale(floor=FLOOR, weight="floor ** ((255 - code) / 254)")
OCTETS = {
    "description": "The bands; as octets, one after another in the order of the heads, rows by distances, little-endian",
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    "headers": {
        "Spanscope-Heads": {"description": "as octets: `L0H0, L0H1`", "schema": {"type": "string"}},
        "Spanscope-Shapes": {
            "description": "as octets, rows by columns of each: `512x34, 512x128`",
            "schema": {"type": "string"},
        },
        "Spanscope-Dtype": {"description": "as octets: f4 or u1", "schema": {"type": "string"}},
    },
}


async def chosen_form(
    format: Annotated[BandsForm | None, FormQuery] = None, accept: AcceptHeader = "*/*"
) -> BandsForm:
    """Raises 406 where none is taken."""
    return best(MEDIA_TYPES, format, accept)


@router.post(
    "/checkpoints/{id}/attention",
    response_model=schemas.Attention,
    responses={200: OCTETS, **may_answer(429, 503)},
)
async def attend(
    request: Request,
    entry: ChosenCheckpoint,
    body: schemas.AttentionRequest,
    form: Annotated[BandsForm, Depends(chosen_form)],
) -> Response:
    """The weights of some heads over some rows of a text, as bands: distance by distance, as far as a head reaches.

    A weight that falls before the text began is in the band like any other, and `outside` sums those of a row.
    """
    model = entry.spec.model
    cuts = checked_cuts(body.spans, model)
    heads = _heads(body.heads, model)
    if body.form == "exact" and body.pools != (1, 1):
        raise HTTPException(422, "body.pool: exact weights are not pooled; ask for form 'display'")
    settings: Settings = request.app.state.settings
    pool = body.pools if body.form == "display" else None

    async def make() -> Answer:
        text = await written(request, entry, body)
        rows = body.rows or (0, text.count)
        if not 0 <= rows[0] < rows[1] <= text.count:
            detail = f"body.rows: [start, stop) with 0 <= start < stop <= {text.count}, the tokens of this text"
            raise HTTPException(422, detail)
        if (count := rows[1] - rows[0]) > settings.max_rows:
            detail = f"body.rows: at most {settings.max_rows:,} tokens look back in one answer, not {count:,}"
            raise HTTPException(413, detail)

        def work(loaded: Loaded) -> tuple[list[Band], float]:
            started = time.perf_counter()
            first, stop = (text.first + row for row in rows)
            net, pasts = loaded.net, loaded.pasts(cuts)
            with net.cut(cuts):
                bands = read_bands(
                    net, text.tokens, heads, first, stop, pool, settings.max_weights, pasts
                )
            return bands, time.perf_counter() - started

        try:
            bands, seconds = await engine_of(request).run(entry, work)
        except TooManyWeights as error:
            detail = _too_many(error, rows, body, settings.max_weights)
            raise HTTPException(413, detail) from None
        if form == "octets":
            return await in_thread(_octets, heads, bands)
        return await in_thread(_json, entry, body, rows, heads, bands, seconds)

    return await answered(request, ("attention", form, entry), body, make)


def _heads(asked: Sequence[schemas.HeadName] | None, config: ModelConfig) -> list[tuple[int, int]]:
    """Raises 422 for a head that is not there or asked for twice."""
    if asked is None:
        return [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    heads: list[tuple[int, int]] = []
    for number, name in enumerate(asked):
        place, head = f"body.heads.{number}", (name.layer, name.head)
        if name.layer >= config.layers or name.head >= config.heads:
            most = f"layers go to {config.layers - 1}, heads to {config.heads - 1}"
            raise HTTPException(422, f"{place}: there is no such head in this checkpoint; {most}")
        if head in heads:
            raise HTTPException(422, f"{place}: this head is body.heads.{heads.index(head)} too")
        heads.append(head)
    return heads


def _too_many(
    error: TooManyWeights, rows: tuple[int, int], body: schemas.AttentionRequest, most: int
) -> str:
    count, excess = rows[1] - rows[0], error.numbers / most
    ways = ["fewer heads"]
    if count > excess:
        ways.append(f"{int(count / excess):,} rows of these")
    # the odd rows and distances of the last pools are the reason for half as much again
    if (pool := math.ceil(1.5 * max(body.pools) * math.sqrt(excess))) <= schemas.LARGEST_POOL:
        ways.append(f"form 'display' with a pool of {pool}")
    return (
        f"The answer would hold {error.numbers:,} numbers or more; SPANSCOPE_MAX_WEIGHTS allows {most:,}. "
        f"Ask for {', or for '.join(ways)}."
    )


def _octets(heads: Sequence[tuple[int, int]], bands: Sequence[Band]) -> Answer:
    arrays = [band.weights.numpy() for band in bands]
    dtype = np.dtype("<f4" if bands[0].weights.is_floating_point() else "u1")
    headers = {
        "Spanscope-Heads": ", ".join(f"L{layer}H{head}" for layer, head in heads),
        "Spanscope-Shapes": ", ".join("x".join(map(str, array.shape)) for array in arrays),
        "Spanscope-Dtype": dtype.str[1:],
    }
    content = b"".join(array.astype(dtype).tobytes() for array in arrays)
    return Answer(content, MEDIA_TYPES["octets"], headers)


def _json(
    entry: Entry,
    body: schemas.AttentionRequest,
    rows: tuple[int, int],
    heads: Sequence[tuple[int, int]],
    bands: Sequence[Band],
    seconds: float,
) -> Answer:
    exact = body.form == "exact"
    answer = schemas.Attention(
        checkpoint=entry.id,
        unit=entry.spec.model.unit,
        rows=rows,
        form=body.form,
        pool=body.pool,
        scale=None if exact else SCALE,
        bands=[
            schemas.HeadBand(
                layer=layer,
                head=head,
                width=band.width,
                weights=TypedArray.of(band.weights.numpy(), "f4" if exact else "u1"),
                outside=TypedArray.of(band.outside.numpy()),
            )
            for (layer, head), band in zip(heads, bands, strict=True)
        ],
        model_seconds=seconds,
    )
    return Answer(answer.model_dump_json().encode())
