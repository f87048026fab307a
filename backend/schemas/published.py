"""Published results."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PublishedResult(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    model: str
    corpus: str
    layers: int | None
    span_limit: int | None
    mean_span: int | None = Field(description="tokens")
    parameters: float | None
    flops: float | None = Field(description="multiply-adds a token, as the paper counts them")
    bpc_test: float | None
    bpc_dev: float | None
    source: str = Field(description="who measured it; all as Sukhbaatar et al. (2019) print it")


class Published(BaseModel):
    items: list[PublishedResult]
    next: str | None = None
