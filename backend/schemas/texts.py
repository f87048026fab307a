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


class TextRequest(BaseModel):
    """Context and text are read as one stream; a service's limit of characters counts both."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="at least one character; places are code points")
    context: str = Field("", description="read before the text, and not reported")


Cuts = Annotated[
    list[HeadCut],
    Field(max_length=1024, description="what if: read with these heads cut, each once at most"),
]


class AnalysisRequest(TextRequest):
    from_: int = Field(
        0,
        ge=0,
        strict=True,
        alias="from",
        description="a place in the text: return the tokens that start there or after, and compute no others if what "
        "comes before was read a moment ago",
    )
    fields: Annotated[list[ReadingField], Field(max_length=4)] = ["span", "distance"]
    reduce: Reduce = "layer"
    likeliest: int = Field(5, ge=1, le=256, strict=True, description="how many successors to name")
    spans: Cuts = Field(default_factory=list)
    what_if: bool = Field(
        True,
        strict=True,
        description="with `spans`: say what they change, for which the text is read anew",
    )


class Tokens(BaseModel):
    """Those returned."""

    first: int = Field(description="the number of the first one among those of the text")
    count: int
    token: TypedArray
    start: TypedArray
    end: TypedArray


class NextSymbols(BaseModel):
    """The likeliest symbols after each token, [tokens, likeliest] each; `symbols` labels every token."""

    symbols: list[str]
    token: TypedArray
    share: TypedArray


class Change(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    before: float
    after: float


class WhatIf(BaseModel):
    """What the cut changes: the text read as the model is, and read with the heads cut.

    Bits and spans are means over the tokens returned; the seconds are those of reading context and text anew.
    """

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
    bits: TypedArray = Field(
        description="of each token given those before it; NaN for the very first"
    )
    bpc: float | None = Field(description="the mean bits of the tokens returned")
    next: NextSymbols
    axes: list[Literal["token", "layer", "head"]]
    fields: dict[ReadingField, TypedArray]
    model_seconds: float = Field(
        description="what reading took, the what-if apart: of texts read together the share of each, and of an answer "
        "given before what it took then"
    )
    what_if: WhatIf | None = Field(
        description="where it is asked for, spans are cut and tokens are returned"
    )
