"""Runs and their curves."""

from __future__ import annotations

from pydantic import BaseModel, Field

from backend.schemas.arrays import TypedArray


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
