"""One resource, several forms: json, csv and figure, by `?format=` or by Accept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import pandas as pd
import plotly.graph_objects as go
from fastapi import Depends, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from backend.http.negotiation import accepted
from backend.work.kept import Answer
from backend.work.patience import engine_of

F = TypeVar("F", bound=str)
TableForm = Literal["json", "csv"]
Form = Literal["json", "csv", "figure"]
TABLE_TYPES: dict[TableForm, str] = {"json": "application/json", "csv": "text/csv"}
MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "figure": "application/vnd.plotly.v1+json",
}

AcceptHeader = Annotated[str, Header(include_in_schema=False)]
FormQuery = Query(description="the form of the answer; wins over Accept")


def best(media_types: Mapping[F, str], asked: F | None, accept: str) -> F:
    """The form asked for, or the one that Accept likes best. Raises 406 where it takes none."""
    forms = [asked] if asked else accepted(media_types, accept)
    if not forms:
        raise HTTPException(406, f"this can be had as {', '.join(media_types.values())}")
    return forms[0]


async def chosen_form(
    format: Annotated[Form | None, FormQuery] = None, accept: AcceptHeader = "*/*"
) -> Form:
    return best(MEDIA_TYPES, format, accept)


async def chosen_table_form(
    format: Annotated[TableForm | None, FormQuery] = None, accept: AcceptHeader = "*/*"
) -> TableForm:
    return best(TABLE_TYPES, format, accept)


ChosenForm = Annotated[Form, Depends(chosen_form)]
ChosenTableForm = Annotated[TableForm, Depends(chosen_table_form)]

FIGURE: dict[str, Any] = {
    "title": "Figure",
    "description": "what plotly.js draws, and `plotly.io.from_json` reads",
    "type": "object",
    "required": ["data", "layout"],
    "properties": {
        "data": {"type": "array", "items": {"type": "object"}},
        "layout": {"type": "object"},
    },
}
_CSV = {"text/csv": {"schema": {"type": "string"}}}
_FIGURE = {MEDIA_TYPES["figure"]: {"schema": {"$ref": "#/components/schemas/Figure"}}}
TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": _CSV}}
RESPONSES: dict[int | str, dict[str, Any]] = {200: {"content": {**_CSV, **_FIGURE}}}
"""What the document is told of the forms beside JSON."""


def represent(
    form: Form,
    answer: BaseModel,
    table: pd.DataFrame,
    figure: Callable[[], go.Figure] | None = None,
) -> Response:
    """A resource in one of its forms; only with a `figure` is there that form."""
    if form == "csv":
        content = table.to_csv(index=False)
    elif form == "figure" and figure:
        content = str(figure().to_json())
    else:
        content = answer.model_dump_json()
    return _response(form, content)


async def unchanging(
    request: Request, form: Form, what: Hashable, made: Callable[[], Response]
) -> Response:
    """What never changes: made once, on another thread, and kept by what it tells of; `what` names all it depends on."""
    kept = engine_of(request).answers.kept
    answer = kept.get((what, form))
    if answer is None:
        answer = Answer(bytes((await run_in_threadpool(made)).body))
        kept.keep((what, form), answer)
    return _response(form, answer.content)


def _response(form: Form, content: str | bytes) -> Response:
    return Response(content, media_type=MEDIA_TYPES[form], headers={"Vary": "Accept"})
