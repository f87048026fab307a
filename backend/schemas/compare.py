"""Checkpoints side by side."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.schemas.arrays import TypedArray
from backend.schemas.checkpoints import CheckpointItem
from backend.schemas.texts import TextRequest, Tokens


class ComparedHead(BaseModel):
    layer: int
    head: int
    spans: list[float | None] = Field(
        description="tokens, in the order of the checkpoints; null where one has no such head"
    )
    differences: list[float | None] = Field(
        description="of each but the first: its span minus the first's; null where their shapes differ"
    )


class Difference(BaseModel):
    """A checkpoint minus the first."""

    id: str
    bpc: float | None = Field(
        description="on all of valid, or, where either lacks that, on the part that training evaluates on; null where "
        "the corpora differ"
    )
    mean_span: float
    parameters: int
    flops: float
    flops_with_positions: float
    flops_paid: float
    cache_bytes: float


class Comparison(BaseModel):
    checkpoints: list[CheckpointItem]
    differences: list[Difference]
    heads: list[ComparedHead]


class TextComparisonRequest(TextRequest):
    ids: Annotated[list[str], Field(min_length=2, max_length=4)]


class ComparedReading(BaseModel):
    checkpoint: str
    alphabet: str
    tokens: Tokens
    bits: TypedArray = Field(
        description="of each token given those before it; NaN for the very first"
    )
    span: TypedArray = Field(description="mean over all heads at each token, tokens")
    bpc: float | None


class ReadingDifference(BaseModel):
    """A checkpoint minus the first, place by place."""

    checkpoint: str
    bits: TypedArray
    span: TypedArray


class TextComparison(BaseModel):
    places: Literal["token", "code point"] = Field(
        description="of the differences: tokens where all read the text as the same tokens; else code points, where a "
        "token's bits are divided among its code points and several tokens of one are added up"
    )
    readings: list[ComparedReading]
    differences: list[ReadingDifference]
    model_seconds: float = Field(description="of an answer given before, what it took then")
