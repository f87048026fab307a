"""What shorter spans cost and save on held-out text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from backend.schemas.texts import Change, Cuts
from model.alphabets import Unit


class WhatIfRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    spans: Cuts = Field(default_factory=list)


class CutSpan(BaseModel):
    """The mean span of a head that is cut, in tokens."""

    layer: int
    head: int
    before: float
    after: float


class HeldOutWhatIf(BaseModel):
    """The sample read as the model is, and read with the heads cut."""

    checkpoint: str
    unit: Unit
    corpus: str = Field(description="whose valid split the sample is taken from")
    tokens: int = Field(description="of held-out text whose bits are told")
    bits: float = Field(description="bpc after minus before: what is lost")
    bits_error: float | None = Field(
        description="standard error of `bits`, from how it differs along the sample"
    )
    bpc: Change
    flops: Change = Field(description="multiply-adds a token, at the mean span in the sample")
    cache_bytes: Change = Field(description="what streaming keeps")
    model_seconds: Change = Field(description="measured once each; they may be old")
    spans: list[CutSpan]
