"""Checkpoints, their spans and what they cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from model.alphabets import Unit
from model.config import Variant


class Bpc(BaseModel):
    """Bits per character: of the part of valid that training evaluates on, and of all of it once training ended."""

    part: float | None
    valid: float | None


class FullBpc(Bpc):
    test: float | None


class CheckpointItem(BaseModel):
    """Cost in multiply-adds a token at the mean span, and bytes of cache."""

    id: str
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
    parent: str | None = Field(description="the checkpoint that this one was trimmed from")
    flops: float = Field(description="as the paper counts them")
    flops_with_positions: float = Field(description="with q . p_x, which the paper leaves out")
    flops_paid: float = Field(description="of a dynamic span: the longest of each chunk of queries")
    cache_bytes: float


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
