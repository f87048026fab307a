"""What shorter spans cost and save on held-out text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from backend.schemas.texts import Change, Cuts
from model.alphabets import Unit

REQUEST: JsonDict = {"spans": [{"layer": 3, "head": 3, "span": 128}]}
ANSWER: JsonDict = {
    "checkpoint": "classics-adaptive@13650",
    "unit": "bytes",
    "corpus": "classics",
    "tokens": 8190,
    "bits": 0.001345,
    "bits_error": 0.001121,
    "bpc": {"before": 2.064266, "after": 2.065612},
    "flops": {"before": 1323968.0, "after": 1311680.0},
    "cache_bytes": {"before": 577280.0, "after": 528128.0},
    "model_seconds": {"before": 0.46, "after": 0.44},
    "spans": [{"layer": 3, "head": 3, "before": 512.0, "after": 128.0}],
}


class WhatIfRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": REQUEST})

    spans: Cuts = Field(default_factory=list)


class CutSpan(BaseModel):
    """The mean span of a head that is cut, in tokens."""

    layer: int
    head: int
    before: float
    after: float


class HeldOutWhatIf(BaseModel):
    """The sample read as the model is, and read with the heads cut."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER})

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
