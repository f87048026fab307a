"""What heads need, and what comes of spans that are no longer than that."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from model.alphabets import Unit
from model.config import BudgetKind


class Tried(BaseModel):
    """A head cut alone, the others as they are."""

    span: int = Field(description="tokens left")
    bits: float = Field(description="a token lost; below 0 the text reads better without")
    error: float | None = Field(description="standard error of `bits` on this sample")


class HeadNeed(BaseModel):
    layer: int
    head: int
    span: int | float = Field(description="tokens it may reach; of a dynamic span the mean")
    needs: int | float | None = Field(
        description="the shortest span tried with which, as with all longer ones, it loses less than 0.001 bits; its own "
        "where each loses more; null where that was not measured"
    )
    tried: list[Tried]


class Needs(BaseModel):
    checkpoint: str
    unit: Unit
    tokens: int | None = Field(description="of held-out text that each number was measured on")
    heads: list[HeadNeed]
    detail: str | None = Field(description="how to get what is null")


class PathPoint(BaseModel):
    """Spans for all heads, cut together."""

    mean_span: float = Field(description="tokens, over heads")
    flops: float = Field(description="multiply-adds a token, as the paper counts them")
    flops_with_positions: float = Field(description="with q . p_x, which the paper leaves out")
    cache_bytes: float
    bits: float = Field(description="lost on the sample, a token")
    error: float | None = Field(description="standard error of `bits`")
    bpc: float = Field(
        description="of the first and the chosen on all of valid; of others the first's and `bits`"
    )
    chosen: bool
    spans: list[list[int]] = Field(description="the most of each head, [layers][heads], tokens")


class TrimPath(BaseModel):
    """From the parent on, ever shorter."""

    checkpoint: str
    parent: str
    tokens: int = Field(description="of held-out text in the sample")
    points: list[PathPoint]


class Budget(BaseModel):
    kind: BudgetKind = Field(
        description="bpc: bits per character on valid that may be lost; flops, cache: the share of the multiply-adds of "
        "attention, or of the cache, that may be left"
    )
    most: Annotated[float, Field(allow_inf_nan=False)]


class NewTrim(Budget):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str | None,
        Field(max_length=63, description="of the run; by default the parent's and -trimmed"),
    ] = None
