"""The shapes of the API (DESIGN section 4)."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from analysis.texts import Reduce
from model.alphabets import Unit
from model.config import Variant
from model.probe import Field as ReadingField


class TypedArray(BaseModel):
    """Numbers in plotly's typed-array form: little-endian, base64; NaN where a number does not exist."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dtype": "f4", "shape": "1, 2", "bdata": "AACAPwAAAEA="}}
    )

    dtype: Literal["f4", "f8", "i4", "u1"]
    shape: str
    bdata: str

    @classmethod
    def of(
        cls, array: npt.NDArray[Any], dtype: Literal["f4", "f8", "i4", "u1"] = "f4"
    ) -> TypedArray:
        data = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
        return cls(
            dtype=dtype,
            shape=", ".join(map(str, data.shape)),
            bdata=base64.b64encode(data.tobytes()).decode("ascii"),
        )


class Bpc(BaseModel):
    """Bits per character: of the part of valid that training evaluates on, and of all of it once training ended."""

    part: float | None
    valid: float | None


class FullBpc(Bpc):
    test: float | None


class CheckpointItem(BaseModel):
    id: str = Field(examples=["classics-adaptive@13650"])
    title: str
    variant: Variant
    step: int
    layers: int
    heads: int
    hidden: int
    span_limit: int
    ramp: int
    parameters: int
    corpus: str
    alphabet: str
    unit: Unit
    bpc: Bpc
    mean_span: float = Field(description="tokens")
    created: datetime
    training: bool


class CheckpointDetail(CheckpointItem):
    bpc: FullBpc
    tokens: int | None = Field(description="tokens read in training, where it is known")
    config: dict[str, Any]
    card: str | None = Field(description="the model card, Markdown")


class Checkpoints(BaseModel):
    items: list[CheckpointItem]
    next: str | None = None


class HeadSpan(BaseModel):
    layer: int
    head: int
    z: float
    span: int | float = Field(description="tokens; of a dynamic span the mean")
    p10: int
    p50: int
    p90: int


class Spans(BaseModel):
    checkpoint: str
    variant: Variant
    span_limit: int
    ramp: int
    unit: Unit
    heads: list[HeadSpan]


class Statistics(BaseModel):
    """Spans and z in tokens, shares from 0 to 1, cost as multiply-adds a token and bytes of cache.

    `flops` counts mean spans, as the paper does; `flops_paid`, of a dynamic span, the longest of each chunk of queries.
    """

    mean_z: float
    mean_span: float
    median_span: float
    min_span: float
    max_span: float
    under_64: float
    under_256: float
    under_1024: float
    flops: float
    flops_paid: float
    cache_bytes: float


class LayerStatistics(Statistics):
    layer: int


class OverallStatistics(Statistics):
    flops_with_positions: float
    flops_fixed: float
    cache_bytes_fixed: float
    z_upper_over_lower: float | None
    rank_correlation: float | None


class SpanStatistics(BaseModel):
    checkpoint: str
    layers: list[LayerStatistics]
    all: OverallStatistics


class RunSpans(BaseModel):
    """Every head's z (tokens) at every evaluation: [evaluations, layers, heads].

    An imported run has no z and no tokens; it has what the original code logs of the spans (tokens).
    """

    run: str
    steps: list[int]
    tokens: list[int | None]
    bpc: list[float | None]
    z: TypedArray | None
    span_avg: list[float | None] = Field(
        description="of an imported run: mean over layers of ceil(mean z) + R"
    )
    span_max: list[float | None] = Field(
        description="of an imported run: the longest span of all heads"
    )


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


class Health(BaseModel):
    status: Literal["ok", "ready", "waiting"]


class Readiness(Health):
    device: str
    dtype: str
    checkpoint: str | None
    detail: str
