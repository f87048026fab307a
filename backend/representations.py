"""One resource, several forms: json, csv and figure, by `?format=` or by Accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, TypeVar

import pandas as pd
import plotly.graph_objects as go
from fastapi import Depends, Header, HTTPException, Query, Response
from pydantic import BaseModel

F = TypeVar("F", bound=str)
Form = Literal["json", "csv", "figure"]
MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "figure": "application/vnd.plotly.v1+json",
}


def chosen_forms(
    format: Annotated[Form | None, Query(description="wins over Accept")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
) -> list[Form]:
    """The forms that the request takes, the one it likes best first."""
    return [format] if format else accepted(MEDIA_TYPES, accept)


ChosenForms = Annotated[list[Form], Depends(chosen_forms)]


def accepted(media_types: Mapping[F, str], accept: str) -> list[F]:
    """The forms that an Accept header takes, the one it likes best first."""
    weights = {form: _weight(media_type, accept) for form, media_type in media_types.items()}
    return sorted((form for form in weights if weights[form]), key=lambda form: -weights[form])


def _weight(media_type: str, accept: str) -> float:
    """The q that an Accept header gives a media type, its most specific range counting (RFC 9110, section 12.5.1)."""
    found = (-1, 0.0)
    for part in accept.casefold().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        ranges = ("*/*", f"{media_type.split('/')[0]}/*", media_type)
        if name in ranges:
            quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            try:
                found = max(found, (ranges.index(name), float(quality)))
            except ValueError:
                continue
    return found[1]


def represent(
    forms: list[Form],
    answer: BaseModel,
    table: pd.DataFrame,
    figure: Callable[[], go.Figure] | None = None,
) -> Response:
    """The resource in the best form that it has. Raises 406 where none of them is taken."""
    make: dict[Form, Callable[[], str]] = {
        "json": answer.model_dump_json,
        "csv": lambda: table.to_csv(index=False),
    }
    if figure:
        make["figure"] = lambda: str(figure().to_json())
    for form in forms:
        if form in make:
            headers = {"Vary": "Accept"}
            return Response(make[form](), media_type=MEDIA_TYPES[form], headers=headers)
    raise HTTPException(406, f"this can be had as {', '.join(MEDIA_TYPES[form] for form in make)}")
