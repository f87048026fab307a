"""Texts as a checkpoint reads them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from analysis.texts import Reduce
from backend.schemas.arrays import TypedArray
from model.alphabets import Unit
from model.probe import Field as ReadingField


class HeadCut(BaseModel):
    """A head whose span is cut: its mask is the smaller of its own and that of the cut."""

    model_config = ConfigDict(extra="forbid", strict=True)

    layer: int = Field(ge=0, description="from 0, at the bottom")
    head: int = Field(ge=0)
    span: int = Field(ge=1, description="tokens, at most the span limit, which cuts nothing")


class AnalysisRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "text": "To be, or not to be",
                "fields": ["span", "distance"],
                "reduce": "layer",
                "spans": [{"layer": 1, "head": 0, "span": 16}],
            }
        },
    )

    text: Annotated[str, Field(description="at least one character; places are code points")]
    fields: Annotated[list[ReadingField], Field(max_length=4)] = ["span", "distance"]
    reduce: Reduce = "layer"
    spans: Annotated[
        list[HeadCut],
        Field(max_length=1024, description="what if: read with these heads cut, each once at most"),
    ] = []


class Tokens(BaseModel):
    count: int
    token: TypedArray
    start: TypedArray
    end: TypedArray


class NextSymbols(BaseModel):
    """The likeliest symbols after each token, [tokens, 5] each; `symbols` labels every token."""

    symbols: list[str]
    token: TypedArray
    share: TypedArray


class Change(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    before: float
    after: float


class WhatIf(BaseModel):
    """What the cut changes: this text read as the model is, and read with the heads cut."""

    bits: float | None = Field(description="bpc after minus before")
    bpc_before: float | None
    flops: Change = Field(description="multiply-adds a token, at the mean span in this text")
    cache_bytes: Change = Field(description="what streaming keeps")
    model_seconds: Change = Field(
        description="measured, in turn: tokens, bits and spans alone, without the fields"
    )


class Analysis(BaseModel):
    checkpoint: str
    unit: Unit
    tokens: Tokens
    bits: TypedArray = Field(description="of each token given those before it; NaN for the first")
    bpc: float | None
    next: NextSymbols
    axes: list[Literal["token", "layer", "head"]]
    fields: dict[ReadingField, TypedArray]
    model_seconds: float
    what_if: WhatIf | None = Field(description="where the spans of heads are cut")
