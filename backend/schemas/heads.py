"""What each head may reach, does reach, and costs."""

from __future__ import annotations

from pydantic import BaseModel, Field

from model.alphabets import Unit
from model.config import Variant


class Head(BaseModel):
    """One head. What was measured on held-out text is null where it was not, and what moves z where z is fixed."""

    layer: int
    head: int
    z: float = Field(description="tokens; of a dynamic span the mean")
    span: int | float = Field(description="tokens it may reach; of a dynamic span the mean")
    rank: int = Field(description="1 for the longest span of all heads")
    mean_distance: float | None = Field(description="tokens, of the attention inside the text")
    entropy: float | None = Field(description="bits, of the attention inside the text")
    distance_90: float | None = Field(
        description="tokens within which lie 90% of the attention inside the text"
    )
    outside: float | None = Field(description="share of the attention that falls before the text")
    pull: float | None = Field(
        description="-d loss / d z, nats a token for a token of z: above 0 the text asks for more"
    )
    pull_error: float | None = Field(description="standard error of the pull on this sample")
    penalty: float | None = Field(description="-lambda / heads: what the span penalty sets against")
    reach_unused: bool | None = Field(
        description="far allowed, near used: a span over two ramps, distance_90 under a quarter of it"
    )
    needs: int | float | None = Field(
        description="the shortest span tried with which, as with all longer ones, it loses less than 0.001 bits; null "
        "where that was not measured: /needs tells how"
    )
    flops: float = Field(description="multiply-adds a token, as the paper counts them")
    flops_share: float = Field(description="of what the attention of all heads costs")
    cache_bytes: float


class About(BaseModel):
    """What heads are of, and measured on."""

    checkpoint: str
    variant: Variant
    unit: Unit
    span_limit: int
    ramp: int
    tokens: int | None = Field(description="of held-out text that were read")


class Heads(About):
    heads: list[Head]
    detail: str | None = Field(description="how to get what is null, where it can be had")


class Growth(BaseModel):
    """z of the head (tokens) at every evaluation up to this checkpoint."""

    steps: list[int]
    tokens: list[int]
    z: list[float]


class HeadDetail(About, Head):
    edges: list[int] = Field(
        description="bin i holds distances from edges[i] up to, not including, edges[i + 1]"
    )
    mass: list[float] | None = Field(
        description="mean attention on each bin; with `outside` it sums to 1"
    )
    growth: Growth | None = Field(description="null for an imported run, which did not log it")
    detail: str | None = Field(description="how to get what is null, where it can be had")
