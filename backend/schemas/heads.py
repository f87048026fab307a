"""What each head may reach, does reach, and costs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from model.alphabets import Unit
from model.config import Variant

ABOUT: JsonDict = {
    "checkpoint": "classics-adaptive@13650",
    "variant": "adaptive",
    "unit": "bytes",
    "span_limit": 512,
    "ramp": 32,
    "tokens": 8190,
    "detail": None,
}
HEAD: JsonDict = {
    "layer": 3,
    "head": 3,
    "z": 481.02239990234375,
    "span": 512,
    "rank": 2,
    "mean_distance": 210.44,
    "entropy": 7.7432,
    "distance_90": 434.0,
    "outside": 0.043307,
    "pull": 1.3702e-06,
    "pull_error": 2.2231e-06,
    "penalty": -3.75e-07,
    "reach_unused": False,
    "flops": 16384.0,
    "flops_share": 0.11352549889135255,
    "cache_bytes": 65536.0,
}
BINS: JsonDict = {
    "edges": [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 363, 513],
    "mass": [
        0.02464,
        0.0018945,
        0.0021962,
        0.0044641,
        0.0050463,
        0.0088529,
        0.015606,
        0.025119,
        0.032234,
        0.053248,
        0.058884,
        0.061001,
        0.070155,
        0.093803,
        0.12525,
        0.16929,
        0.205,
    ],
}
GROWTH: JsonDict = {
    "steps": [13300, 13650],
    "tokens": [27238400, 27955200],
    "z": [476.739, 481.022],
}


class Head(BaseModel):
    """One head. What was measured on held-out text is null where it was not, and what moves z where z is fixed."""

    model_config = ConfigDict(json_schema_extra={"example": HEAD})

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
    model_config = ConfigDict(json_schema_extra={"example": {**ABOUT, "heads": [HEAD]}})

    heads: list[Head]
    detail: str | None = Field(description="how to get what is null, where it can be had")


class Growth(BaseModel):
    """z of the head (tokens) at every evaluation up to this checkpoint."""

    model_config = ConfigDict(json_schema_extra={"example": GROWTH})

    steps: list[int]
    tokens: list[int]
    z: list[float]


class HeadDetail(About, Head):
    model_config = ConfigDict(
        json_schema_extra={"example": {**HEAD, **ABOUT, **BINS, "growth": GROWTH}}
    )

    edges: list[int] = Field(
        description="bin i holds distances from edges[i] up to, not including, edges[i + 1]"
    )
    mass: list[float] | None = Field(
        description="mean attention on each bin; with `outside` it sums to 1"
    )
    growth: Growth | None = Field(description="null for an imported run, which did not log it")
    detail: str | None = Field(description="how to get what is null, where it can be had")
