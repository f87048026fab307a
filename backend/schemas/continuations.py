"""Texts that a model writes on."""

from __future__ import annotations

from pydantic import BaseModel, Field

from backend.schemas.texts import Cuts, TextRequest


class ContinuationRequest(TextRequest):
    tokens: int = Field(200, ge=1, strict=True, description="how many to write")
    temperature: float = Field(
        0.8,
        ge=0,
        le=10,
        allow_inf_nan=False,
        strict=True,
        description="0 takes the likeliest token",
    )
    seed: int = Field(0, ge=0, lt=2**63, strict=True, description="the same seed, the same text")
    spans: Cuts = Field(default_factory=list)


class WrittenToken(BaseModel):
    """A line of the answer: one token, as soon as it is written."""

    token: int
    symbol: str = Field(description="its label")
    bits: float = Field(description="given those before it, whatever the temperature")
    layers: list[float] = Field(description="mean span of each layer's heads at this token, tokens")
    heads: list[list[int]] | None = Field(
        description="where spans follow the token, that of every head: [layers][heads]"
    )


class WrittenText(BaseModel):
    """The last line of the answer. One that ends without it was cut off."""

    text: str = Field(description="all that was written; bytes that are no character become �")
    tokens: int
    model_seconds: float
