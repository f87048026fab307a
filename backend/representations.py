"""One resource, several forms: json, csv and figure, by `?format=` or by Accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import pandas as pd
import plotly.graph_objects as go
from fastapi import Depends, Header, HTTPException, Query, Response
from pydantic import BaseModel

Form = Literal["json", "csv", "figure"]
MEDIA_TYPES: dict[Form, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "figure": "application/vnd.plotly.v1+json",
}


def chosen_form(
    format: Annotated[Form | None, Query(description="wins over Accept")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "*/*",
) -> Form:
    """Raises 406 where nothing that is accepted can be had."""
    if format:
        return format
    accepted = [part.split(";")[0].strip() for part in accept.split(",")]
    for media_type in accepted:
        for form, own in MEDIA_TYPES.items():
            if media_type in (own, "*/*", f"{own.split('/')[0]}/*"):
                return form
    raise HTTPException(406, f"this can be had as {', '.join(MEDIA_TYPES.values())}")


ChosenForm = Annotated[Form, Depends(chosen_form)]


def represent(
    form: Form,
    answer: BaseModel,
    table: pd.DataFrame,
    figure: Callable[[], go.Figure] | None = None,
) -> Response:
    """The resource in a form. Raises 406 for the figure of what has none."""
    if form == "csv":
        content = table.to_csv(index=False)
    elif form == "json":
        content = answer.model_dump_json()
    elif figure is None:
        raise HTTPException(406, "this has no figure; it can be had as json and csv")
    else:
        content = figure().to_json()
    return Response(content, media_type=MEDIA_TYPES[form], headers={"Vary": "Accept"})
